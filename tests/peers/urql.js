import { Client, fetchExchange } from "@urql/core";
import { persistedExchange } from "@urql/exchange-persisted";

import { MARKETPLACES, headers, noted, tell, url } from "./sending.js";

const client = new Client({
  url,
  fetch: noted,
  fetchOptions: { headers },
  preferGetMethod: false,
  exchanges: [persistedExchange({ preferGetForPersistedQueries: false }), fetchExchange],
});
const answers = [];
for (let time = 0; time < 2; time += 1) {
  answers.push(await client.query(MARKETPLACES, {}, { requestPolicy: "network-only" }));
}
const failed = await client.query('{ product(by: {id: "nothing"}) { id } }', {});
tell({
  names: answers.map(({ data }) => data.marketplaces.map(({ code }) => code)),
  failed: failed.error.graphQLErrors[0].message,
});

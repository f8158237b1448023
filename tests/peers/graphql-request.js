import { GraphQLClient } from "graphql-request";

import { MARKETPLACES, PRODUCTS, headers, noted, tell, url } from "./sending.js";

const client = new GraphQLClient(url, { headers, fetch: noted });
const { marketplaces } = await client.request(MARKETPLACES);
const { products } = await client.request(PRODUCTS, { first: 1 });
const failed = await client.request('{ product(by: {id: "nothing"}) { id } }').catch((failure) => failure.response.errors[0]);
const batched = await client.batchRequests([{ document: MARKETPLACES }, { document: MARKETPLACES }]).then(
  () => "answered",
  (failure) => failure.message,
);
tell({
  names: [marketplaces.map(({ code }) => code)],
  total: products.totalCount,
  failed: failed.message,
  batched: [batched],
});

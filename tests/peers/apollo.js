// What Apollo Client 3 and 4 do alike: ask twice by automatic persisted queries, show an error of a
// field, and send a batch.

import { createHash } from "node:crypto";

import { MARKETPLACES, headers, noted, tell, url } from "./sending.js";

const sha256 = (text) => createHash("sha256").update(text).digest("hex");

export async function ask({ ApolloClient, BatchHttpLink, HttpLink, InMemoryCache, gql, persisted }) {
  const client = (link) => new ApolloClient({ link, cache: new InMemoryCache() });
  const byHash = client(persisted({ sha256 }).concat(new HttpLink({ uri: url, headers, fetch: noted })));
  const options = { query: gql(MARKETPLACES), fetchPolicy: "no-cache" };
  const first = await byHash.query(options);
  const again = await byHash.query(options);

  const byGet = client(persisted({ sha256, useGETForHashedQueries: true }).concat(new HttpLink({ uri: url, headers, fetch: noted })));
  const gotten = await byGet.query(options);

  const failed = await byHash
    .query({ query: gql('{ product(by: {id: "nothing"}) { id } }'), errorPolicy: "all" })
    .then(({ error, errors }) => error ?? errors[0]);

  const batch = client(new BatchHttpLink({ uri: url, headers, fetch: noted, batchMax: 2, batchInterval: 50 }));
  const batched = await Promise.all(
    ["One", "Two"].map((name) =>
      batch.query({ query: gql(MARKETPLACES.replace("Marketplaces", name)) }).then(
        () => "answered",
        (failure) => failure.message,
      ),
    ),
  );
  tell({
    names: [first, again, gotten].map(({ data }) => data.marketplaces.map(({ code }) => code)),
    failed: failed.message,
    batched,
  });
}

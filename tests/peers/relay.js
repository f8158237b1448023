// Relay's compiler reads schema.graphql, takes our lists for its own connections, and writes documents
// with their hashes, which the server then runs by the one or the other.

import { execFileSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

import compiler from "relay-compiler";

import { headers, noted, tell, url } from "./sending.js";

const SOURCE = `graphql\`
  fragment Catalogue_list on Query
  @refetchable(queryName: "CatalogueMoreQuery")
  @argumentDefinitions(
    first: { type: "Int", defaultValue: 2 }
    after: { type: "String" }
    last: { type: "Int" }
    before: { type: "String" }
  ) {
    products(first: $first, after: $after, last: $last, before: $before)
      @connection(key: "Catalogue_products") {
      edges { node { id title offer { price { amount currencyCode } } } }
    }
  }
\`;
graphql\`query CatalogueQuery { ...Catalogue_list }\`;
`;

const folder = mkdtempSync(join(tmpdir(), "relay-"));
try {
  writeFileSync(join(folder, "schema.graphql"), readFileSync("../../schema.graphql"));
  writeFileSync(join(folder, "Catalogue.js"), SOURCE);
  const config = { src: ".", schema: "schema.graphql", language: "javascript" };
  const persistConfig = { file: "documents.json", algorithm: "SHA256" };
  writeFileSync(join(folder, "relay.config.json"), JSON.stringify({ ...config, persistConfig }));
  writeFileSync(join(folder, "documents.json"), "{}");
  execFileSync(compiler, ["relay.config.json"], { cwd: folder, stdio: "pipe" });
  const documents = JSON.parse(readFileSync(join(folder, "documents.json"), "utf-8"));

  const ask = async (body) => {
    const answer = await noted(url, {
      method: "POST",
      headers: { ...headers, "content-type": "application/json" },
      body: JSON.stringify(body),
    });
    return (await answer.json()).data.products.edges.length;
  };
  const answers = [];
  for (const [hash, query] of Object.entries(documents)) {
    const extensions = { persistedQuery: { version: 1, sha256Hash: hash } };
    answers.push(await ask({ query, extensions, variables: { first: 2 } }));
    answers.push(await ask({ extensions, variables: { first: 2 } }));
  }
  tell({ answers });
} finally {
  rmSync(folder, { recursive: true });
}

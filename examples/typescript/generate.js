/**
 * Writes src/generated.ts: the types of the schema that the documents use, and each document as a
 * text that knows its variables and its answer. Nothing of GraphQL is needed at run time.
 */
import { readFile, readdir, writeFile } from "node:fs/promises";

import { codegen } from "@graphql-codegen/core";
import * as typedDocumentNode from "@graphql-codegen/typed-document-node";
import * as typescript from "@graphql-codegen/typescript";
import * as operations from "@graphql-codegen/typescript-operations";
import { parse } from "graphql";

const here = new URL(".", import.meta.url);
const examples = new URL("../", here);

const read = (name, base) => readFile(new URL(name, base), "utf8");

const names = (await readdir(examples)).filter((name) => name.endsWith(".graphql")).sort();
const documents = await Promise.all(
  names.map(async (name) => ({
    location: name,
    document: parse(await read(name, examples)),
  })),
);

const code = await codegen({
  filename: "src/generated.ts",
  schema: parse(await read("../../schema.graphql", here)),
  documents,
  plugins: [{ typescript: {} }, { operations: {} }, { typedDocumentNode: {} }],
  pluginMap: { typescript, operations, typedDocumentNode },
  config: {
    documentMode: "string",
    enumsAsTypes: true,
    futureProofEnums: true, // codes may be added
    immutableTypes: true,
    strictScalars: true,
    onlyOperationTypes: true,
    skipTypename: true,
    avoidOptionals: { field: true },
    useTypeImports: true,
    scalars: { ID: "string", DateTime: "string", Decimal: "string" },
  },
});

await writeFile(new URL("src/generated.ts", here), `${code}\n`);

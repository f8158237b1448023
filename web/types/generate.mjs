// Writes build/page-types/operations.d.ts: what each operation of the page asks and answers, from
// schema.graphql. By the packages that the TypeScript example pins.
import { mkdir, readdir, readFile, writeFile } from "node:fs/promises";
import { createRequire } from "node:module";

const root = new URL("../../", import.meta.url);
const packages = createRequire(new URL("examples/typescript/package.json", root));
const { codegen } = packages("@graphql-codegen/core");
const typescript = packages("@graphql-codegen/typescript");
const operations = packages("@graphql-codegen/typescript-operations");
const { parse } = packages("graphql");

const read = (name) => readFile(new URL(name, root), "utf8");
const folder = "web/operations/";
const names = (await readdir(new URL(folder, root))).filter((name) => name.endsWith(".graphql")).sort();
const documents = await Promise.all(names.map(async (name) => ({ location: name, document: parse(await read(folder + name)) })));
const code = await codegen({
  filename: "operations.d.ts",
  schema: parse(await read("schema.graphql")),
  documents,
  plugins: [{ typescript: {} }, { operations: {} }],
  pluginMap: { typescript, operations },
  config: {
    enumsAsTypes: true,
    futureProofEnums: true, // codes may be added
    onlyOperationTypes: true,
    skipTypename: true,
    avoidOptionals: { field: true },
    scalars: { ID: "string", DateTime: "string", Decimal: "string" },
  },
});

// The file's name is what `run` is told; the operation's name is what its types are called by.
const known = documents.flatMap(({ location, document }) =>
  document.definitions
    .filter((each) => each.kind === "OperationDefinition")
    .map(({ name, operation }) => {
      const type = name.value + operation[0].toUpperCase() + operation.slice(1);
      return `  "${location.replace(".graphql", "")}": { data: ${type}; variables: ${type}Variables };`;
    }),
);
const target = new URL("build/page-types/", root);
await mkdir(target, { recursive: true });
await writeFile(new URL("operations.d.ts", target), `${code}\nexport interface Operations {\n${known.join("\n")}\n}\n`);

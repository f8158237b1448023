/**
 * The main job: search, import, make a tracked link, sync.
 *
 *     AFFILIATE_GRAPH_KEY=... npm start -- "phone case"
 */
import { AffiliateGraph, Failed, NoAnswer, RequestRefused, retried } from "./client.js";
import {
  ConnectAliExpressDocument,
  ConnectAmazonDocument,
  GenerateLinksDocument,
  ImportDocument,
  SearchDocument,
  SyncDocument,
} from "./generated.js";

/** Store the sandbox's printed credentials of both marketplaces. */
async function connectSandbox(graph: AffiliateGraph): Promise<void> {
  await retried(
    () => graph.run(ConnectAliExpressDocument, {}),
    (data) => data.connectMarketplace.errors,
  );
  await retried(
    () => graph.run(ConnectAmazonDocument, {}),
    (data) => data.connectMarketplace.errors,
  );
}

/** The main job for the first product that is found. */
async function mainJob(graph: AffiliateGraph, keywords: string): Promise<void> {
  const { aliexpress: page } = await retried(
    () => graph.run(SearchDocument, { aliexpress: keywords }),
    (data) => data.aliexpress.errors,
  );
  console.log(`found ${page.nodes.length} products`);
  const product = page.nodes[0];
  if (product === undefined) {
    return;
  }
  const price = product.offer?.price;
  console.log(`first: ${product.title}, ${price?.amount ?? "-"} ${price?.currencyCode ?? ""}`);

  const { importProduct } = await retried(
    () => graph.run(ImportDocument, { url: product.externalId }),
    (data) => data.importProduct.errors,
  );
  const imported = present(importProduct.product);
  console.log(`imported: ${imported.externalId} is ${imported.state}`);

  const { generateLinks } = await retried(
    () => graph.run(GenerateLinksDocument, { products: [{ url: product.externalId }] }),
    ({ generateLinks: { errors, results } }) =>
      errors.length > 0 ? errors : results.flatMap((row) => row.errors),
  );
  const link = present(generateLinks.results[0]?.affiliateLink);
  console.log(`link: ${link.url}`);
  console.log(`publish: ${link.disclosure}`);

  const { syncProduct } = await retried(
    () => graph.run(SyncDocument, { id: imported.id }),
    (data) => data.syncProduct.errors,
  );
  console.log(`changed since the import: ${syncProduct.changed.join(", ") || "nothing"}`);
}

/** What an answer without errors holds. */
function present<Value>(value: Value | null | undefined): Value {
  if (value === null || value === undefined) {
    throw new NoAnswer("the answer has neither data nor errors");
  }
  return value;
}

async function main(words: readonly string[]): Promise<number> {
  const key = process.env["AFFILIATE_GRAPH_KEY"] ?? "";
  if (key === "") {
    console.error("Set AFFILIATE_GRAPH_KEY to the API key of the server.");
    return 2;
  }
  const address = process.env["AFFILIATE_GRAPH_URL"] ?? "http://127.0.0.1:8000";
  const graph = new AffiliateGraph(address.replace(/\/$/, ""), key);
  try {
    if (words.includes("--connect-sandbox")) {
      await connectSandbox(graph);
    }
    const keywords = words.filter((word) => word !== "--connect-sandbox").join(" ");
    await mainJob(graph, keywords || "phone case");
  } catch (failure) {
    console.error(told(failure, address));
    return 1;
  }
  return 0;
}

function told(failure: unknown, address: string): string {
  if (failure instanceof Failed) {
    return failure.errors
      .map(({ code, message, path = [] }) => {
        return `${code}${path.length > 0 ? ` at ${path.join(".")}` : ""}: ${message}`;
      })
      .join("\n");
  }
  if (failure instanceof RequestRefused) {
    return `${failure.code}: ${failure.message}`;
  }
  if (failure instanceof NoAnswer) {
    return `No answer from ${address}: ${failure.message}`;
  }
  throw failure;
}

process.exitCode = await main(process.argv.slice(2));

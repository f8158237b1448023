// What every program here needs: where the server is, and a fetch that notes what was sent.

export const [url, key] = process.argv.slice(2);
export const headers = { authorization: `Bearer ${key}` };
export const sent = [];
export const MARKETPLACES = "query Marketplaces { marketplaces { code name } }";
export const PRODUCTS = "query Products($first: Int) { products(first: $first) { totalCount } }";

/** fetch, noting of each request its method and whether it held a hash, a document, or a list. */
export async function noted(address, options) {
  const method = options?.method ?? "GET";
  const parameters = new URL(address).searchParams;
  const body = method === "GET" ? Object.fromEntries(parameters) : JSON.parse(options.body);
  const parts = Array.isArray(body) ? ["list"] : ["extensions", "query"].filter((name) => body[name] && body[name] !== "{}");
  sent.push([method, ...parts].join(" "));
  return fetch(address, options);
}

/** Prints what the test reads. */
export function tell(found) {
  console.log(JSON.stringify({ ...found, sent }));
}

// What every program needs that subscribes: it reads its first event, tells the test to make another
// one by a line of its output, reads that, and ends.

import { headers, key, url } from "./sending.js";

export const CHANGED = "subscription Changed($ids: [ID!]!) { productChanged(ids: $ids) { id notes } }";
export const variables = { ids: [process.argv[4]] };
export { headers, key, url };

const seen = [];

/** Notes what a client was told; after the second event everything is told, and `end` is called. */
export function noted({ data, errors }, end) {
  seen.push(data?.productChanged?.notes ?? errors ?? null);
  if (seen.length === 1) change();
  if (seen.length === 2) {
    console.log(JSON.stringify({ seen }));
    end();
  }
}

/** Another caller changes the product. */
async function change() {
  const query = `mutation U($id: ID!) {
    updateProduct(input: {id: $id, notes: "changed"}) { errors { message } }
  }`;
  await fetch(url, {
    method: "POST",
    headers: { ...headers, "content-type": "application/json" },
    body: JSON.stringify({ query, variables: { id: variables.ids[0] } }),
  });
}

// A client that hears nothing must not hang for ever.
setTimeout(() => process.exit(1), 30000).unref();

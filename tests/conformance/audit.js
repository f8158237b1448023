// node audit.js URL KEY: runs the official audits of GraphQL over HTTP against a server and prints
// one JSON list of {id, name, status, reason}, status being ok, notice, warn or error.

import { serverAudits } from "graphql-http";

const [url, key] = process.argv.slice(2);

function fetchFn(address, options) {
  const headers = new Headers(options?.headers);
  headers.set("authorization", `Bearer ${key}`);
  return fetch(address, { ...options, headers });
}

const results = [];
for (const audit of serverAudits({ url, fetchFn })) {
  const { id, name } = audit;
  const { status, reason = "" } = await audit.fn();
  results.push({ id, name, status, reason });
}
console.log(JSON.stringify(results));

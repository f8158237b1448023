import { Client, fetchExchange } from "@urql/core";

import { CHANGED, headers, noted, url, variables } from "./subscribing.js";

const client = new Client({
  url,
  fetchOptions: { headers },
  preferGetMethod: false,
  exchanges: [fetchExchange],
  fetchSubscriptions: true,
});
// To unsubscribe in Node makes urql throw the abort of its own request: the process ends instead.
client.subscription(CHANGED, variables).subscribe(({ data, error }) => noted({ data, errors: error?.message }, () => process.exit()));

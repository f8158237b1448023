import { createClient } from "graphql-sse";

import { CHANGED, headers, noted, url, variables } from "./subscribing.js";

const client = createClient({ url, headers });
const end = client.subscribe(
  { query: CHANGED, variables },
  {
    next: (result) => noted(result, end),
    error: (failure) => {
      throw failure;
    },
    complete: () => {},
  },
);

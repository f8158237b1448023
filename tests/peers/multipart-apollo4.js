import { ApolloClient, HttpLink, InMemoryCache, gql } from "apollo4";

import { CHANGED, headers, noted, url, variables } from "./subscribing.js";

const client = new ApolloClient({
  link: new HttpLink({ uri: url, headers }),
  cache: new InMemoryCache(),
});
const subscription = client.subscribe({ query: gql(CHANGED), variables }).subscribe({
  next: ({ data, error }) => noted({ data, errors: error?.message }, () => subscription.unsubscribe()),
  error: (failure) => {
    throw failure;
  },
});

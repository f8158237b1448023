// Starts GraphiQL on the endpoint that served the page. Key and examples come in data attributes.
// The key stays in this page: it is not written to the browser's storage.
"use strict";

const root = document.getElementById("graphiql");
// Without a key the session of a browser that signed in is used, which needs the other header.
const headers = root.dataset.apiKey ? { Authorization: `Bearer ${root.dataset.apiKey}` } : { "GraphQL-Preflight": "1" };
const headersText = JSON.stringify(headers, null, 2);

const send = GraphiQL.createFetcher({ url: location.pathname });

// GraphiQL notes a little late which operation a newly chosen tab holds, and sends the last tab's.
const fitting = (params) =>
  params.operationName && !new RegExp(`\\b${params.operationName}\\b`).test(params.query)
    ? { ...params, operationName: undefined }
    : params;

// Server-sent events, which GraphiQL's own fetcher does not read.
const isSubscription = ({ operationName }, options) =>
  options?.documentAST?.definitions.some(
    (one) => one.operation === "subscription" && (!operationName || one.name?.value === operationName),
  );

async function* listen(params, sent) {
  const answer = await fetch(location.pathname, {
    method: "POST",
    headers: { "Content-Type": "application/json", Accept: "text/event-stream", ...sent },
    body: JSON.stringify(params),
  });
  if (!answer.headers.get("Content-Type").startsWith("text/event-stream")) {
    yield await answer.json();
    return;
  }
  let text = "";
  for await (const piece of answer.body.pipeThrough(new TextDecoderStream())) {
    const blocks = (text + piece).split("\n\n");
    text = blocks.pop();
    for (const block of blocks) {
      if (block.startsWith("event: next")) yield JSON.parse(block.split("data: ")[1]);
    }
  }
}

// The schema is asked for before the headers editor is there, and would go without the key.
const fetcher = (params, options) =>
  params.operationName === "IntrospectionQuery" && !options?.headers
    ? send(params, { ...options, headers })
    : isSubscription(fitting(params), options)
      ? listen(fitting(params), options.headers)
      : send(fitting(params), options);

const defaultTabs = JSON.parse(root.dataset.examples).map((query) => ({
  query,
  headers: headersText,
}));

ReactDOM.createRoot(root).render(
  React.createElement(GraphiQL, {
    fetcher,
    defaultHeaders: headersText,
    defaultTabs: defaultTabs.length ? defaultTabs : undefined,
    defaultEditorToolsVisibility: true,
    isHeadersEditorEnabled: true,
    shouldPersistHeaders: false,
    storage: memory(),
  }),
);

// Tabs and queries may hold credentials typed into a mutation: kept only while the page is open.
function memory() {
  const items = new Map();
  return {
    get length() {
      return items.size;
    },
    getItem: (key) => items.get(key) ?? null,
    setItem: (key, value) => void items.set(key, String(value)),
    removeItem: (key) => void items.delete(key),
    clear: () => items.clear(),
  };
}

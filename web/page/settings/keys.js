// API keys: made, narrowed, replaced and taken back. The text of one is shown once.
import { html, useState } from "../html.js";
import { here } from "../address.js";
import { outdated, useQuery } from "../asks.js";
import { Dialog, Failure, Pager } from "../parts.js";
import { Copy } from "../copy.js";
import { plural } from "../words.js";
import { Key } from "./key.js";
import { Make } from "./make.js";

const PAGE = 50;

export function Keys() {
  const { value, busy, error, again } = useQuery("keys", { first: PAGE, after: here().values.after ?? null }, { holds: true });
  const [made, setMade] = useState(null); // { name, text } of a key that was just made
  const keys = value?.apiKeys;
  const onMade = (news) => (setMade(news), outdated("keys"));
  return html`<section class="panel" aria-labelledby="keys">
    <h2 id="keys">API keys</h2>
    <p class="quiet">A program, another person or a web page signs in with a key of its own, which may do no more than you choose.</p>
    <${Make} onMade=${onMade} />
    ${error && html`<${Failure} error=${error} again=${again} />`}
    ${!keys && busy && html`<div class="skeleton tall" aria-busy="true" aria-label="Loading" />`}
    ${keys && html`<p role="status" class="quiet">${plural(keys.totalCount, "key")}</p>`}
    <ul class="keys" id="results" tabindex="-1">${keys?.nodes.map((key) => html`<${Key} key=${key.id} apiKey=${key} isOwn=${key.id === value.viewer.apiKey?.id} onMade=${onMade} />`)}</ul>
    ${keys && html`<${Pager} info=${keys.pageInfo} />`}
    ${made && html`<${Shown} made=${made} onClose=${() => setMade(null)} />`}
  </section>`;
}

const Shown = ({ made, onClose }) => html`<${Dialog} title="The key “${made.name}”" onClose=${onClose}>
    <div class="stack">
      <p><strong>Copy it now: it is shown this once.</strong> Nobody can read it again, not even here.</p>
      <input readonly aria-label="API key" value=${made.text} onFocus=${(event) => event.target.select()} />
      <div class="row"><${Copy} text=${made.text} label="Copy key" /></div>
    </div>
  </${Dialog}>`;

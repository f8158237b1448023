// API keys: made, narrowed, replaced and taken back. The text of one is shown once.
import { html, useState } from "../html.js";
import { here } from "../address.js";
import { outdated, useQuery } from "../asks.js";
import { Dialog, Failure, Pager } from "../parts.js";
import { Copy } from "../copy.js";
import { say } from "../texts.js";
import { Key } from "./key.js";
import { Make } from "./make.js";

const PAGE = 50;

export function Keys() {
  const { value, busy, error, again } = useQuery("keys", { first: PAGE, after: here().values.after ?? null }, { holds: true });
  const [made, setMade] = useState(null); // { name, text } of a key that was just made
  const keys = value?.apiKeys;
  const onMade = (news) => (setMade(news), outdated("keys"));
  return html`<section class="panel" aria-labelledby="keys">
    <h2 id="keys">${say("keys")}</h2>
    <p class="quiet">${say("keys.help")}</p>
    <${Make} onMade=${onMade} />
    ${error && html`<${Failure} error=${error} again=${again} />`}
    ${!keys && busy && html`<div class="skeleton tall" aria-busy="true" aria-label=${say("loading.name")} />`}
    ${keys && html`<p role="status" class="quiet">${say("n.keys", { n: keys.totalCount })}</p>`}
    <ul class="keys" id="results" tabindex="-1">${keys?.nodes.map((key) => html`<${Key} key=${key.id} apiKey=${key} isOwn=${key.id === value.viewer.apiKey?.id} onMade=${onMade} />`)}</ul>
    ${keys && html`<${Pager} info=${keys.pageInfo} />`}
    ${made && html`<${Shown} made=${made} onClose=${() => setMade(null)} />`}
  </section>`;
}

const Shown = ({ made, onClose }) => html`<${Dialog} title=${say("key.title", { name: made.name })} onClose=${onClose}>
    <div class="stack">
      <p><strong>${say("hook.once")}</strong> ${say("key.once")}</p>
      <input readonly aria-label=${say("door.key")} value=${made.text} onFocus=${(event) => event.target.select()} />
      <div class="row"><${Copy} text=${made.text} label=${say("key.copy")} /></div>
    </div>
  </${Dialog}>`;

// The cards of what a search found.
import { html } from "../html.js";
import { say } from "../texts.js";
import { Card } from "./card.js";

export function Found({ found, ...shared }) {
  if (!found || found.errors.length) return null;
  if (!found.nodes.length) {
    return html`<p class="empty">${say("explore.nothing")} ${found.pageInfo.hasNextPage && say("explore.more")}</p>`;
  }
  return html`<ul class="grid">
    ${found.nodes.map((product) => html`<${Card} key=${product.id} product=${product} ...${shared} />`)}
  </ul>`;
}

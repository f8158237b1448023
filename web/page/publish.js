// What is published: a link, and what belongs beside it.
import { html, useState } from "./html.js";
import { CardDialog } from "./card/dialog.js";
import { QR } from "./card/qr.js";
import { escaped } from "./card/tree.js";
import { Copy } from "./copy.js";
import { Sandbox } from "./parts.js";
import { time } from "./words.js";
import { say } from "./texts.js";

const inMarkdown = (text) => text.replace(/[\\`*_{}[\]<>#|]/g, "\\$&");

// As it is pasted into a page: with the rel that search engines ask for and the sentence that law does.
const asHTML = (link, title) =>
  `<a href="${escaped(link.url)}" rel="${escaped(link.rel)}">${escaped(title)}</a>\n<small>${escaped(link.disclosure)}</small>`;
const asMarkdown = (link, title) => `[${inMarkdown(title)}](<${link.url}>)\n\n*${inMarkdown(link.disclosure)}*`;

// The ways to publish a link. `product` and its marketplace's `card`: where more is known than a title.
export function Copies({ link, title, product, card }) {
  const [open, setOpen] = useState(null);
  const close = () => setOpen(null);
  return html`<div class="row wrap copies">
      <${Copy} text=${link.url} label=${say("copy.link")} />
      <${Copy} text=${asHTML(link, title)} label=${say("copy.html")} />
      <${Copy} text=${asMarkdown(link, title)} label=${say("copy.markdown")} />
      ${product && card && html`<button type="button" onClick=${() => setOpen("card")}>${say("card.title")}</button>`}
      <button type="button" onClick=${() => setOpen("qr")}>${say("qr.title")}</button>
    </div>
    ${open === "card" && html`<${CardDialog} link=${link} product=${product} card=${card} onClose=${close} />`}
    ${open === "qr" && html`<${QR} link=${link} title=${title} onClose=${close} />`}`;
}

// A stored link with all that goes with it when it is published.
export function LinkBox({ link, title = link.sourceUrl, product, card }) {
  return html`<div class="link-box">
    <${Sandbox} mode=${link.mode} />
    <div class="row">
      <input class="grow" readonly value=${link.url} aria-label=${say("link.name")} onFocus=${(event) => event.target.select()} />
    </div>
    <${Copies} link=${link} title=${title} product=${product} card=${card} />
    <dl class="facts">
      <dt>${say("link.tracking")}</dt><dd>${link.trackingId}</dd>
      ${link.subId && html`<dt>${say("link.sub")}</dt><dd>${link.subId}</dd>`}
      <dt>${say("link.rel")}</dt><dd><code>${link.rel}</code></dd>
      <dt>${say("link.made")}</dt><dd>${time(link.createdAt)}</dd>
    </dl>
    <p class="quiet">${say("link.publish", { sentence: link.disclosure })}</p>
  </div>`;
}

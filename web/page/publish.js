// What is published: a link, and what belongs beside it.
import { html, useState } from "./html.js";
import { Sandbox } from "./parts.js";
import { time } from "./words.js";

export function Copy({ text, label = "Copy" }) {
  const [copied, setCopied] = useState("");
  const copy = async () => {
    try {
      await navigator.clipboard.writeText(text);
      setCopied("Copied");
    } catch {
      setCopied("Press Ctrl+C"); // not allowed here: the text is selected instead
    }
    setTimeout(() => setCopied(""), 2500);
  };
  return html`<button type="button" onClick=${copy} aria-live="polite">${copied || label}</button>`;
}

const escaped = (text) => text.replaceAll("&", "&amp;").replaceAll("<", "&lt;").replaceAll(">", "&gt;").replaceAll('"', "&quot;");
const inMarkdown = (text) => text.replace(/[\\`*_{}[\]<>#|]/g, "\\$&");

// As it is pasted into a page: with the rel that search engines ask for and the sentence that law does.
const asHTML = (link, title) =>
  `<a href="${escaped(link.url)}" rel="${escaped(link.rel)}">${escaped(title)}</a>\n<small>${escaped(link.disclosure)}</small>`;
const asMarkdown = (link, title) => `[${inMarkdown(title)}](<${link.url}>)\n\n*${inMarkdown(link.disclosure)}*`;

// The ways to copy a link.
export const Copies = ({ link, title }) => html`<div class="row wrap copies">
    <${Copy} text=${link.url} label="Copy link" />
    <${Copy} text=${asHTML(link, title)} label="Copy HTML" />
    <${Copy} text=${asMarkdown(link, title)} label="Copy Markdown" />
  </div>`;

// A stored link with all that goes with it when it is published.
export function LinkBox({ link, title = link.sourceUrl }) {
  return html`<div class="link-box">
    <${Sandbox} mode=${link.mode} />
    <div class="row">
      <input class="grow" readonly value=${link.url} aria-label="Affiliate link" onFocus=${(event) => event.target.select()} />
    </div>
    <${Copies} link=${link} title=${title} />
    <dl class="facts">
      <dt>Tracking id</dt><dd>${link.trackingId}</dd>
      ${link.subId && html`<dt>Sub id</dt><dd>${link.subId}</dd>`}
      <dt>rel</dt><dd><code>${link.rel}</code></dd>
      <dt>Made</dt><dd>${time(link.createdAt)}</dd>
    </dl>
    <p class="quiet">Publish beside it: “${link.disclosure}”</p>
  </div>`;
}

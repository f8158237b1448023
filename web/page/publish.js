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

// A stored link with all that goes with it when it is published.
export function LinkBox({ link }) {
  return html`<div class="link-box">
    <${Sandbox} mode=${link.mode} />
    <div class="row">
      <input class="grow" readonly value=${link.url} aria-label="Affiliate link" onFocus=${(event) => event.target.select()} />
      <${Copy} text=${link.url} label="Copy link" />
    </div>
    <dl class="facts">
      <dt>Tracking id</dt><dd>${link.trackingId}</dd>
      ${link.subId && html`<dt>Sub id</dt><dd>${link.subId}</dd>`}
      <dt>rel</dt><dd><code>${link.rel}</code></dd>
      <dt>Made</dt><dd>${time(link.createdAt)}</dd>
    </dl>
    <p class="quiet">Publish beside it: “${link.disclosure}”</p>
  </div>`;
}

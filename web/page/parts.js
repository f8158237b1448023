// Small pieces that every screen is made of.
import { html, useEffect, useRef, useState } from "./html.js";
import { shown } from "./money.js";
import { time } from "./words.js";

// A picture, or a placeholder where there is none or its address is dead.
export function Picture({ url, small = false }) {
  const [isDead, setDead] = useState(false);
  useEffect(() => setDead(false), [url]);
  const size = small ? "picture small" : "picture";
  return url && !isDead
    ? html`<img class=${size} src=${url} alt="" loading="lazy" referrerpolicy="no-referrer"
        onError=${() => setDead(true)} />`
    : html`<div class="${size} none" aria-hidden="true">
        <svg viewBox="0 0 48 48"><path d="M8 10h32v28H8zM8 32l10-10 8 8 5-5 9 9" /><circle cx="32" cy="18" r="3" /></svg>
      </div>`;
}

export const Sandbox = ({ mode }) =>
  mode === "SANDBOX" ? html`<span class="badge sandbox">Sandbox</span>` : null;

// What went wrong, in the server's words; when it makes sense, with a countdown and another try.
export function Failure({ error, again }) {
  return html`<div class="notice bad" role="alert">
    <p>${error.message}</p>
    ${error.retryAt && html`<${Countdown} until=${error.retryAt} again=${again} />`}
    ${!error.retryAt && again && html`<button type="button" onClick=${again}>Try again</button>`}
  </div>`;
}

export const Failures = ({ errors, again }) =>
  errors.map((error) => html`<${Failure} key=${error.message} error=${error} again=${again} />`);

export function Countdown({ until, again }) {
  const [left, setLeft] = useState(secondsTo(until));
  useEffect(() => {
    const timer = setInterval(() => setLeft(secondsTo(until)), 1000);
    return () => clearInterval(timer);
  }, [until]);
  if (left > 0) return html`<p class="quiet">Next try in ${duration(left)}.</p>`;
  return again
    ? html`<button type="button" onClick=${again}>Try again</button>`
    : html`<p class="quiet">It can be tried again now.</p>`;
}

const secondsTo = (iso) => Math.ceil((new Date(iso) - Date.now()) / 1000);

function duration(seconds) {
  if (seconds < 120) return `${seconds} s`;
  return seconds < 7200 ? `${Math.round(seconds / 60)} min` : `${Math.round(seconds / 3600)} h`;
}

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

// A dialog of the browser's own: it keeps the focus inside and closes on Escape.
export function Dialog({ title, onClose, wide = false, children }) {
  const dialog = useRef(null);
  useEffect(() => {
    dialog.current.showModal();
  }, []);
  return html`<dialog ref=${dialog} class=${wide ? "wide" : ""} aria-labelledby="dialog-title" onClose=${onClose}>
    <header>
      <h2 id="dialog-title">${title}</h2>
      <button type="button" class="plain" aria-label="Close" onClick=${() => dialog.current.close()}>✕</button>
    </header>
    ${children}
  </dialog>`;
}

// Price, what is struck through, and by how much it is reduced.
export function Price({ product }) {
  const { offer } = product;
  if (!offer) {
    return html`<p class="quiet">${product.isStale ? "Sync to see the price" : "No price shown"}</p>`;
  }
  const isReduced = offer.listPrice && offer.discountPercent > 0;
  return html`<p class="price">
    <strong>${shown(offer.price)}</strong>
    ${isReduced && html`<s><span class="hidden">${offer.listPriceLabel ?? "before"} </span>${shown(offer.listPrice)}</s>`}
  </p>`;
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

// Pages of a list: `trail` holds the cursors of the pages before this one.
export function Pager({ trail, info, onMove }) {
  if (!trail.length && !info.hasNextPage) return null;
  return html`<nav class="pager" aria-label="Pages">
    <button type="button" disabled=${!trail.length} onClick=${() => onMove(trail.slice(0, -1))}>Previous</button>
    <span>Page ${trail.length + 1}</span>
    <button type="button" disabled=${!info.hasNextPage} onClick=${() => onMove([...trail, info.endCursor])}>Next</button>
  </nav>`;
}

export const Skeletons = ({ count }) =>
  html`<ul class="grid" aria-busy="true" aria-label="Loading">
    ${Array.from({ length: count }, (_, n) => html`<li key=${n} class="card skeleton"><div class="picture" /><p /><p /></li>`)}
  </ul>`;

// State of something that is asked for: { busy, value, error }, and a function that asks.
// `known`: the answer that is there already.
export function useAsk(ask, known = null) {
  const [state, setState] = useState({ busy: false, value: known, error: null });
  const turn = useRef(0);
  const go = async (...given) => {
    const mine = ++turn.current; // an answer that comes after a later question is of no use
    setState((now) => ({ ...now, busy: true, error: null }));
    try {
      const value = await ask(...given);
      if (mine === turn.current) setState({ busy: false, value, error: null });
    } catch (error) {
      if (mine === turn.current) setState((now) => ({ ...now, busy: false, error }));
    }
  };
  return [state, go, setState];
}

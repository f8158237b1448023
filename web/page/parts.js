// Small pieces that every screen is made of.
import { html, useEffect, useRef, useState } from "./html.js";
import { shown } from "./money.js";
import { go, here } from "./address.js";
import { said } from "./words.js";
import { say } from "./texts.js";

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

export const Sandbox = ({ mode }) => (mode === "SANDBOX" ? html`<span class="badge sandbox">${say("sandbox")}</span>` : null);

// What went wrong, in the server's words; when it makes sense, with a countdown and another try.
export function Failure({ error, again }) {
  return html`<div class="notice bad" role="alert">
    <p>${said(error)}</p>
    ${error.retryAt && html`<${Countdown} until=${error.retryAt} again=${again} />`}
    ${!error.retryAt && again && html`<button type="button" onClick=${again}>${say("again")}</button>`}
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
  if (left > 0) return html`<p class="quiet">${say("again.in", { time: duration(left) })}</p>`;
  return again ? html`<button type="button" onClick=${again}>${say("again")}</button>` : html`<p class="quiet">${say("again.now")}</p>`;
}

const secondsTo = (iso) => Math.ceil((Date.parse(iso) - Date.now()) / 1000);

function duration(seconds) {
  if (seconds < 120) return `${seconds} s`;
  return seconds < 7200 ? `${Math.round(seconds / 60)} min` : `${Math.round(seconds / 3600)} h`;
}

// A dialog of the browser's own: it keeps the focus inside and closes on Escape.
export function Dialog({ title, onClose, wide = false, full = false, children }) {
  const dialog = useRef(null);
  const id = `dialog-${title.replace(/\W+/g, "-")}`; // one may stand above another
  useEffect(() => {
    dialog.current.showModal();
  }, []);
  return html`<dialog ref=${dialog} class=${full ? "full" : wide ? "wide" : ""} aria-labelledby=${id} onClose=${onClose}>
    <header>
      <h2 id=${id}>${title}</h2>
      <button type="button" class="plain" aria-label=${say("close")} onClick=${() => dialog.current.close()}>✕</button>
    </header>
    ${children}
  </dialog>`;
}

// Price, what is struck through, and by how much it is reduced.
export function Price({ product }) {
  const { offer } = product;
  if (!offer) {
    return html`<p class="quiet">${product.isStale ? say("price.sync") : say("price.none")}</p>`;
  }
  const isReduced = offer.listPrice && offer.discountPercent > 0;
  return html`<p class="price">
    <strong>${shown(offer.price)}</strong>
    ${isReduced && html`<s><span class="hidden">${offer.listPriceLabel ?? say("price.before")} </span>${shown(offer.listPrice)}</s>`}
  </p>`;
}

// What is left of a selling price, or why that is not known.
export function Profit({ margin: left, why }) {
  if (!left) return html`<p class="quiet profit">${why}</p>`;
  const isLoss = left.profit.amount.startsWith("-");
  return html`<p class="profit ${isLoss ? "loss" : "gain"}" data-profit=${left.profit.amount} data-percent=${left.percent}>
    ${isLoss ? say("loss") : say("profit")} <strong>${shown(left.profit)}</strong> · ${left.percent}%</p>`;
}

// Pages of a list. The address says which; the browser's history holds those before.
export function Pager({ info }) {
  const { screen, values, trail } = here();
  const page = Number(values.page) || 1;
  if (page === 1 && !info.hasNextPage) return null;
  const to = (after, number, before) => {
    go(screen, { ...values, after, page: number > 1 ? number : "" }, { trail: before });
    const results = document.getElementById("results") ?? document.getElementById("main");
    results.scrollIntoView();
    results.focus({ preventScroll: true });
  };
  const back = trail.length ? () => to(trail.at(-1), page - 1, trail.slice(0, -1)) : () => to("", 1, []);
  return html`<nav class="pager" aria-label=${say("pages")}>
    <button type="button" disabled=${page === 1} onClick=${back}>${trail.length || page === 1 ? say("page.previous") : say("page.first")}</button>
    <span>${say("page.number", { page: String(page) })}</span>
    <button type="button" disabled=${!info.hasNextPage} onClick=${() => to(info.endCursor, page + 1, [...trail, values.after ?? ""])}>${say("page.next")}</button>
  </nav>`;
}

export const Skeletons = ({ count }) =>
  html`<ul class="grid" aria-busy="true" aria-label=${say("loading.name")}>
    ${Array.from({ length: count }, (_, n) => html`<li key=${n} class="card skeleton"><div class="picture" /><p /><p /></li>`)}
  </ul>`;

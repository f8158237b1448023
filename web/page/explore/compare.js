// Up to four products side by side, also of several searches and marketplaces.
import { html, useState } from "../html.js";
import { kept } from "../kept.js";
import { margin, shown, whyNoMargin } from "../money.js";
import { Dialog, Picture, Price, Profit } from "../parts.js";
import { say } from "../texts.js";
import { count, rating, shipping, time } from "../words.js";
import { sellingPrice } from "./markup.js";

export const MOST = 4;

// The products that were chosen, in order, and how one is chosen or not any more.
export function useCompared() {
  const [compared, setCompared] = useState(kept.compared ?? []);
  kept.compared = compared;
  const toggle = (product) =>
    setCompared((now) => {
      const others = now.filter((each) => each.id !== product.id);
      return others.length < now.length ? others : [...now, product].slice(0, MOST);
    });
  return { compared, toggle, clear: () => setCompared([]) };
}

export function Compare({ compared: { compared, clear }, ...planned }) {
  const [isOpen, setOpen] = useState(false);
  if (!compared.length) return null;
  return html`<div class="compare-bar" role="region" aria-label=${say("compare.region")}>
      <p role="status" class="grow">${say("compare.count", { number: compared.length, most: MOST })}</p>
      <button type="button" onClick=${clear}>${say("clear")}</button>
      <button type="button" class="primary" disabled=${compared.length < 2} onClick=${() => setOpen(true)}>${say("compare")}</button>
    </div>
    ${isOpen && html`<${Table} products=${compared} ...${planned} onClose=${() => setOpen(false)} />`}`;
}

const dash = html`<span class="quiet">${say("untold")}</span>`;

const ROWS = {
  price: (product) =>
    html`<${Price} product=${product} /><p class="quiet">${product.offer ? say("asOf", { time: time(product.offer.observedAt) }) : ""}</p>`,
  marketplace: (product) => `${product.marketplace.name}${product.locale ? ` · ${product.locale}` : ""}`,
  rating: (product) => rating(product.reviews) || dash,
  orders: (product) => (product.ordersLast30Days === null ? dash : count(product.ordersLast30Days)),
  shipping: (product) => [costOf(product.offer), shipping(product.offer)].filter(Boolean).join(" · ") || dash,
  commission: ({ commission }) => (commission ? percentOf(commission) : dash),
};

const percentOf = ({ ratePercent, amount }) => `${count(Number(ratePercent))}%${amount ? `, ${shown(amount)}` : ""}`;

function costOf(offer) {
  if (offer?.shipping?.isFree) return say("free");
  return offer?.shipping?.cost ? shown(offer.shipping.cost) : "";
}

function Yours({ product: { offer }, plan, currency }) {
  const selling = sellingPrice(plan, offer, currency);
  if (!selling) return dash;
  return html`<p>${say("sellAt")} <strong>${shown(selling)}</strong></p>
    <${Profit} margin=${offer && margin(selling, offer.price, offer.shipping?.cost)} why=${whyNoMargin(selling, offer)} />`;
}

function Table({ products, plan, currency, onClose }) {
  const isPlanned = plan.way === "rule" || Boolean(plan.price);
  return html`<${Dialog} title=${say("compare")} full onClose=${onClose}><div class="wide-table" tabindex="0" role="region" aria-label=${say("comparison")}><table class="compare">
    <thead><tr><td />${products.map(
      (product) => html`<th key=${product.id} scope="col">
      <${Picture} url=${product.image?.url} />
      <a href=${product.url} target="_blank" rel="nofollow noopener noreferrer">${product.title}</a></th>`,
    )}</tr></thead>
    <tbody>
      ${Object.entries(ROWS).map(([name, cell]) => html`<tr key=${name}><th scope="row">${say(`row.${name}`)}</th>${products.map((product) => html`<td key=${product.id}>${cell(product)}</td>`)}</tr>`)}
      ${isPlanned && html`<tr><th scope="row">${say("yours")}</th>${products.map((product) => html`<td key=${product.id}><${Yours} product=${product} plan=${plan} currency=${currency} /></td>`)}</tr>`}
    </tbody></table></div></${Dialog}>`;
}

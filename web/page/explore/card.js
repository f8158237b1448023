// A product that was found.
import { html, useState } from "../html.js";
import { run } from "../api.js";
import { useAsk } from "../asks.js";
import { may } from "../may.js";
import { margin, shown, whyNoMargin } from "../money.js";
import { Dialog, Failure, Picture, Price, Profit, Sandbox } from "../parts.js";
import { LinkBox } from "../publish.js";
import { MOST } from "./compare.js";
import { sellingPrice } from "./markup.js";
import { say } from "../texts.js";
import { compact, rating, shipping, time } from "../words.js";

export function Card({ product, plan, currency, compared: { compared, toggle }, onProduct }) {
  const { offer, commission } = product;
  const selling = sellingPrice(plan, offer, currency);
  const isCompared = compared.some((each) => each.id === product.id);
  return html`<li class="card" data-id=${product.id}>
    <div class="frame">
      <${Picture} url=${product.image?.url} />
      ${offer?.discountPercent > 0 && html`<span class="badge discount">−${offer.discountPercent}%</span>`}
      <${Sandbox} mode=${product.marketplace.mode} />
    </div>
    <h2 class="title"><a href=${product.url} target="_blank" rel="nofollow noopener noreferrer" title=${product.title}>${product.title}</a></h2>
    <${Price} product=${product} />
    <p class="quiet">${factsOf(product).join(" · ") || say("card.nothing")}</p>
    <p class="quiet">${shipping(offer)}</p>
    <p class="quiet">${commission ? say("commission", { percent: Number(commission.ratePercent), amount: commission.amount ? `, ${shown(commission.amount)}` : "" }) : ""}</p>
    ${selling && plan.way === "rule" && html`<p class="quiet">${say("sellAt")} <strong data-selling=${selling.amount}>${shown(selling)}</strong></p>`}
    ${selling && html`<${Profit} margin=${offer && margin(selling, offer.price, offer.shipping?.cost)} why=${whyNoMargin(selling, offer)} />`}
    <p class="quiet as-of" title=${offer?.disclaimer}>${offer ? say("card.asOf", { time: time(offer.observedAt) }) : ""}</p>
    <label class="option small"><input type="checkbox" checked=${isCompared} disabled=${!isCompared && compared.length >= MOST} onChange=${() => toggle(product)} />
      <span>${say("compare")}<span class="hidden"> ${product.title}</span></span></label>
    <${Actions} product=${product} selling=${plan.way === "rule" ? selling : null} onProduct=${onProduct} />
  </li>`;
}

async function price(id, sellingPrice) {
  const { errors } = (await run("update", { input: { id, sellingPrice } })).updateProduct;
  if (errors.length) throw errors[0];
}

const factsOf = ({ reviews, ordersLast30Days: orders }) =>
  [rating(reviews), orders !== null && say("orders", { n: orders, number: compact(orders) })].filter(Boolean);

// `selling`: what a rule makes of its price, which is stored with it.
function Actions({ product, selling, onProduct }) {
  const [link, setLink] = useState(null);
  const [imported, doImport] = useAsk(async () => {
    const [row] = (await run("import", { products: [{ id: product.id }] })).importProducts.results;
    if (row.errors.length) throw row.errors[0];
    onProduct(row.product);
    if (selling) await price(product.id, selling);
  });
  const [made, makeLink] = useAsk(async () => {
    const [row] = (await run("make-links", { products: [{ id: product.id }] })).generateLinks.results;
    if (row.errors.length) throw row.errors[0];
    setLink(row.affiliateLink);
  });
  return html`<div class="row actions">
      ${product.importedAt && html`<span class="done">${say("card.inLibrary")}</span>`}
      ${!product.importedAt && may("IMPORT") && html`<button type="button" disabled=${imported.busy} onClick=${doImport}>${imported.busy ? say("importing") : say("import")}</button>`}
      ${may("LINK") && html`<button type="button" disabled=${made.busy} onClick=${makeLink}>${say("card.link")}</button>`}
    </div>
    ${imported.error && html`<${Failure} error=${imported.error} again=${doImport} />`}
    ${made.error && html`<${Failure} error=${made.error} again=${makeLink} />`}
    ${link && html`<${Dialog} title=${say("link.name")} onClose=${() => setLink(null)}><p>${product.title}</p><${LinkBox} link=${link} title=${product.title} /></${Dialog}>`}`;
}

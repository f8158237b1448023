// A form that makes a watch: of one product, or of all that a marketplace and words let through.
import { html, useState } from "../html.js";
import { run } from "../api.js";
import { outdated, useAsk } from "../asks.js";
import { defaults } from "../defaults.js";
import { amountOf, shown } from "../money.js";
import { Failure } from "../parts.js";
import { say } from "../texts.js";

const KINDS = ["BELOW_PRICE", "DROP_PERCENT", "LOWEST_IN_DAYS", "BACK_IN_STOCK"];
const WITHOUT_PRICES = "BACK_IN_STOCK";
const BLANK = { price: "", percent: "10", days: "30", marketplace: "", text: "" };

// What is waited for, as the server takes it. Throws where the price cannot be meant.
/** @returns {any} */
function conditionOf({ kind, price, percent, days }, currency) {
  if (kind === "DROP_PERCENT") return { dropPercent: Number(percent) };
  if (kind === "LOWEST_IN_DAYS") return { lowestInDays: Number(days) };
  if (kind === WITHOUT_PRICES) return { backInStock: true };
  const { amount, problem } = amountOf(price);
  if (problem) throw { message: problem };
  return { belowPrice: { amount, currencyCode: currency } };
}

/** @returns {any} */
function whoseOf({ marketplace, text }, product) {
  if (product) return { productIds: [product.id] };
  return { filter: { ...(marketplace && { marketplace }), ...(text.trim() && { text: text.trim() }) } };
}

// `product`: of it alone. What a marketplace's terms forbid is not offered.
export function Watching({ cards, product }) {
  const own = cards.filter((card) => !product || card.code === product.marketplace.code);
  const kinds = own.some((card) => card.keepsPriceHistory) ? KINDS : [WITHOUT_PRICES];
  const [form, setForm] = useState({ ...BLANK, kind: kinds[0] });
  const currency = product?.offer?.price.currencyCode ?? defaults().currency;
  const [state, make] = useAsk(async () => {
    const input = { condition: conditionOf(form, currency), ...whoseOf(form, product) };
    const { watch, errors } = (await run("create-watch", { input })).createWatch;
    if (errors.length) throw errors[0];
    setForm({ ...form, price: "", text: "" });
    outdated("watches");
    return watch;
  });
  const submit = (event) => {
    event.preventDefault();
    make();
  };
  const set = (name) => (event) => setForm({ ...form, [name]: event.target.value });
  const choose = (event) => setForm({ ...form, kind: event.target.value, marketplace: "" });
  return html`<form class="stack" onSubmit=${submit}>
    <div class="filters">
      <label class="wide">${say("watch.for")} <select value=${form.kind} onChange=${choose}>${kinds.map((kind) => html`<option key=${kind} value=${kind}>${say(`watch.kind.${kind}`)}</option>`)}</select></label>
      <${Value} form=${form} set=${set} currency=${currency} />
      ${product?.offer && form.kind !== WITHOUT_PRICES && html`<p class="quiet all">${say("watch.now", { price: shown(product.offer.price) })}</p>`}
      ${product && kinds.length === 1 && html`<p class="quiet all">${say("product.forbidden", { name: product.marketplace.name })}</p>`}
      ${!product && html`<${Where} form=${form} set=${set} cards=${own} />`}
    </div>
    ${state.error && html`<${Failure} error=${state.error} />`}
    <div class="row wrap"><button class="primary" disabled=${state.busy}>${say("watch.make")}</button>
      <span role="status" class="quiet">${state.value ? say("watch.made") : ""}</span></div>
  </form>`;
}

function Value({ form, set, currency }) {
  const number = (most) => ({ type: "number", min: 1, max: most, step: 1, required: true });
  if (form.kind === "BELOW_PRICE")
    return html`<label>${say("watch.price", { currency })} <input inputmode="decimal" required value=${form.price} onInput=${set("price")} /></label>`;
  if (form.kind === "DROP_PERCENT")
    return html`<label>${say("watch.percent")} <input ...${number(99)} value=${form.percent} onInput=${set("percent")} /></label>`;
  if (form.kind === "LOWEST_IN_DAYS")
    return html`<label>${say("watch.days")} <input ...${number(365)} value=${form.days} onInput=${set("days")} /></label>`;
  return null;
}

function Where({ form, set, cards }) {
  const named = [...new Map(cards.map((card) => [card.code, card])).values()];
  const may = (card) => form.kind === WITHOUT_PRICES || card.keepsPriceHistory;
  const refused = named
    .filter((card) => !may(card))
    .map((card) => card.name)
    .join(", ");
  return html`
    <label class="wide">${say("watch.where")} <select value=${form.marketplace} onChange=${set("marketplace")}>
      <option value="">${say("watch.everywhere")}</option>
      ${named.filter(may).map((card) => html`<option key=${card.code} value=${card.code}>${card.name}</option>`)}</select></label>
    <label class="wide">${say("watch.words")} <input type="search" placeholder=${say("watch.any")} value=${form.text} onInput=${set("text")} /></label>
    ${refused && html`<p class="quiet all">${say("watch.refused", { names: refused })}</p>`}`;
}

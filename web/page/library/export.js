// Export: which file, of which products, with what its importer needs to know.
import { html, useState } from "../html.js";
import { download } from "../api.js";
import { useAsk } from "../asks.js";
import { Dialog, Failure } from "../parts.js";
import { count, plural } from "../words.js";

const FORMATS = {
  csv: ["CSV", "Everything, for a spreadsheet."],
  json: ["JSON", "Everything, for programs."],
  woocommerce: ["WooCommerce", "Affiliate products."],
  shopify: ["Shopify", "Products; the link stands in a metafield."],
  merchant: ["Google Merchant", "Your own shop's products: needs selling prices."],
};

const PUBLISHED = {
  draft: ["As drafts", "For a first import: you publish what you looked at."],
  yes: ["Published", "Buyers see it at once."],
  keep: ["As they are in the shop", "To refresh what it has. What it does not have yet is published."],
};

const PRICES = {
  woocommerce: "Prices of another currency are left empty: nothing is converted.",
  shopify: "Products priced in another currency are left out: nothing is converted.",
};

export function Export({ cards, chosen, filter, total, onClose }) {
  const [format, setFormat] = useState("csv");
  const [onlyChosen, setOnlyChosen] = useState(chosen.length > 0);
  const [currency, setCurrency] = useState("USD");
  const [published, setPublished] = useState("draft");
  const [pictures, setPictures] = useState("all");
  const [link, setLink] = useState("");
  const isForShop = format in PRICES;
  const [state, go] = useAsk(async () => ({ format, ...(await download(format, parameters())) }));
  const parameters = () => [
    ...(onlyChosen ? chosen.map((row) => ["id", row.id]) : Object.entries(filter)),
    ...(isForShop ? Object.entries({ currency, published, pictures }) : []),
    ...(format === "merchant" ? [["link", link]] : []),
  ];
  const saved = !state.busy && !state.error && state.value?.format === format ? state.value : null;
  const submit = (event) => {
    event.preventDefault();
    go();
  };
  return html`<${Dialog} title="Export" onClose=${onClose}><form class="stack" onSubmit=${submit}>
    <fieldset><legend>File</legend>
      ${Object.entries(FORMATS).map(([code, [name, help]]) => html`<label key=${code} class="option">
        <input type="radio" name="format" value=${code} checked=${format === code} onChange=${() => setFormat(code)} />
        <span><strong>${name}</strong> <span class="quiet">${help}</span></span></label>`)}
    </fieldset>
    ${chosen.length > 0 && html`<fieldset><legend>Products</legend>
      <label class="option"><input type="radio" name="which" checked=${onlyChosen} onChange=${() => setOnlyChosen(true)} /> The ${plural(chosen.length, "chosen product")}</label>
      <label class="option"><input type="radio" name="which" checked=${!onlyChosen} onChange=${() => setOnlyChosen(false)} /> All ${count(total)} of the list</label>
    </fieldset>`}
    ${isForShop && html`<fieldset><legend>In the shop</legend>
        ${Object.entries(PUBLISHED).map(([code, [name, help]]) => html`<label key=${code} class="option">
          <input type="radio" name="published" checked=${published === code} onChange=${() => setPublished(code)} />
          <span>${name} <span class="quiet">${help}</span></span></label>`)}
        <label class="option"><input type="checkbox" checked=${pictures === "first"} onChange=${(event) => setPictures(event.target.checked ? "first" : "all")} />
          <span>Only the first picture <span class="quiet">The shop copies every one: that takes long.</span></span></label>
      </fieldset>
      <label>Currency of your shop
      <input maxlength="3" required value=${currency} onInput=${(event) => setCurrency(event.target.value.toUpperCase())} />
      <span class="quiet">${PRICES[format]}</span></label>`}
    ${format === "merchant" && html`<label>Address of a product in your shop
      <input required placeholder="https://shop.example/products/{handle}" value=${link} onInput=${(event) => setLink(event.target.value)} />
      <span class="quiet">Google takes products of your own shop only; links to a marketplace are refused.</span></label>`}
    <p class="quiet">${termsOf(cards).join(" ")}</p>
    ${saved?.leftOut && html`<p role="status" class="problem">${saved.leftOut}</p>`}
    ${state.error && html`<${Failure} error=${state.error} />`}
    <div class="row end">
      <span role="status" class="quiet">${saved ? `Saved, ${count(saved.size)} bytes` : ""}</span>
      <button class="primary" disabled=${state.busy}>${state.busy ? "Writing ..." : "Download"}</button>
    </div>
  </form></${Dialog}>`;
}

// What the files lack, because a marketplace's terms say so.
const termsOf = (cards) =>
  [...new Map(cards.map((card) => [card.code, card])).values()].flatMap((card) => [
    ...(card.letsPicturesBeCopied ? [] : [`${card.name}'s pictures are left out: its terms forbid copying them.`]),
    ...(card.pricesShownForHours
      ? [`${card.name}'s prices are left out when they are older than ${plural(card.pricesShownForHours, "hour")}.`]
      : []),
  ]);

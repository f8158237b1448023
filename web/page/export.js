// Export: which file, of which products, with what its importer needs to know.
import { html, useState } from "./html.js";
import { download } from "./api.js";
import { Dialog, Failure, useAsk } from "./parts.js";
import { count, plural } from "./words.js";

const FORMATS = {
  csv: ["CSV", "Everything, for a spreadsheet."],
  json: ["JSON", "Everything, for programs."],
  woocommerce: ["WooCommerce", "Affiliate products as drafts."],
  shopify: ["Shopify", "Draft products; the link stands in a metafield."],
  merchant: ["Google Merchant", "Your own shop's products: needs selling prices."],
};

export function Export({ cards, chosen, filter, total, onClose }) {
  const [format, setFormat] = useState("csv");
  const [onlyChosen, setOnlyChosen] = useState(chosen.length > 0);
  const [currency, setCurrency] = useState("USD");
  const [link, setLink] = useState("");
  const [state, go] = useAsk(() => download(format, parameters()));
  const parameters = () => [
    ...(onlyChosen ? chosen.map((row) => ["id", row.id]) : Object.entries(filter)),
    ...(["woocommerce", "shopify"].includes(format) ? [["currency", currency]] : []),
    ...(format === "merchant" ? [["link", link]] : []),
  ];
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
    ${["woocommerce", "shopify"].includes(format) && html`<label>Currency of your shop
      <input maxlength="3" required value=${currency} onInput=${(event) => setCurrency(event.target.value.toUpperCase())} />
      <span class="quiet">Prices of another currency are left empty: nothing is converted.</span></label>`}
    ${format === "merchant" && html`<label>Address of a product in your shop
      <input required placeholder="https://shop.example/products/{handle}" value=${link} onInput=${(event) => setLink(event.target.value)} />
      <span class="quiet">Google takes products of your own shop only; links to a marketplace are refused.</span></label>`}
    <p class="quiet">${termsOf(cards).join(" ")}</p>
    ${state.error && html`<${Failure} error=${state.error} />`}
    <div class="row end">
      <span role="status" class="quiet">${state.value !== null && !state.busy && !state.error ? `Saved, ${count(state.value)} bytes` : ""}</span>
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

// Export: which file, of which products, with what its importer needs to know.
import { html, useState } from "../html.js";
import { download } from "../api.js";
import { useAsk } from "../asks.js";
import { defaults } from "../defaults.js";
import { Dialog, Failure } from "../parts.js";
import { say } from "../texts.js";

const FORMATS = { csv: "CSV", json: "JSON", woocommerce: "WooCommerce", shopify: "Shopify", merchant: "Google Merchant" };
const PUBLISHED = ["draft", "yes", "keep"];
const SHOPS = ["woocommerce", "shopify"];

export function Export({ cards, chosen, filter, total, onClose }) {
  const [format, setFormat] = useState("csv");
  const [onlyChosen, setOnlyChosen] = useState(chosen.length > 0);
  const [currency, setCurrency] = useState(defaults().currency);
  const [published, setPublished] = useState("draft");
  const [pictures, setPictures] = useState("all");
  const [link, setLink] = useState("");
  const isForShop = SHOPS.includes(format);
  const [state, go] = useAsk(async () => ({ format, ...(await download(`export/${format}`, parameters())) }));
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
  return html`<${Dialog} title=${say("export")} onClose=${onClose}><form class="stack" onSubmit=${submit}>
    <fieldset><legend>${say("export.file")}</legend>
      ${Object.entries(FORMATS).map(
        ([code, name]) => html`<label key=${code} class="option">
        <input type="radio" name="format" value=${code} checked=${format === code} onChange=${() => setFormat(code)} />
        <span><strong>${name}</strong> <span class="quiet">${say(`format.${code}`)}</span></span></label>`,
      )}
    </fieldset>
    ${
      chosen.length > 0 &&
      html`<fieldset><legend>${say("export.products")}</legend>
      <label class="option"><input type="radio" name="which" checked=${onlyChosen} onChange=${() => setOnlyChosen(true)} /> ${say("export.chosen", { n: chosen.length })}</label>
      <label class="option"><input type="radio" name="which" checked=${!onlyChosen} onChange=${() => setOnlyChosen(false)} /> ${say("export.all", { number: total })}</label>
    </fieldset>`
    }
    ${
      isForShop &&
      html`<fieldset><legend>${say("export.shop")}</legend>
        ${PUBLISHED.map(
          (code) => html`<label key=${code} class="option">
          <input type="radio" name="published" checked=${published === code} onChange=${() => setPublished(code)} />
          <span>${say(`published.${code}`)} <span class="quiet">${say(`publishedHelp.${code}`)}</span></span></label>`,
        )}
        <label class="option"><input type="checkbox" checked=${pictures === "first"} onChange=${(event) => setPictures(event.target.checked ? "first" : "all")} />
          <span>${say("export.first")} <span class="quiet">${say("export.first.help")}</span></span></label>
      </fieldset>
      <label>${say("export.currency")}
      <input maxlength="3" required value=${currency} onInput=${(event) => setCurrency(event.target.value.toUpperCase())} />
      <span class="quiet">${say(`prices.${format}`)}</span></label>`
    }
    ${
      format === "merchant" &&
      html`<label>${say("export.address")}
      <input required placeholder="https://shop.example/products/{handle}" value=${link} onInput=${(event) => setLink(event.target.value)} />
      <span class="quiet">${say("export.google")}</span></label>`
    }
    <p class="quiet">${termsOf(cards).join(" ")}</p>
    ${saved?.leftOut && html`<p role="status" class="problem">${saved.leftOut}</p>`}
    ${state.error && html`<${Failure} error=${state.error} />`}
    <div class="row end">
      <span role="status" class="quiet">${saved ? say("export.saved", { size: saved.size }) : ""}</span>
      <button class="primary" disabled=${state.busy}>${state.busy ? say("export.writing") : say("export.download")}</button>
    </div>
  </form></${Dialog}>`;
}

// What the files lack, because a marketplace's terms say so.
const termsOf = (cards) =>
  [...new Map(cards.map((card) => [card.code, card])).values()].flatMap((card) => [
    ...(card.letsPicturesBeCopied ? [] : [say("export.pictures", { name: card.name })]),
    ...(card.pricesShownForHours ? [say("export.prices", { name: card.name, n: card.pricesShownForHours })] : []),
  ]);

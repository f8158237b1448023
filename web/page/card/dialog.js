// A product's card for somebody's page: how it looks, and its HTML to be copied.
import { html, useEffect, useRef, useState } from "../html.js";
import { DATES } from "../language.js";
import { shown } from "../money.js";
import { Copy } from "../copy.js";
import { Dialog } from "../parts.js";
import { asHTML, asNode, treeOf } from "./tree.js";
import { store, stored } from "../stored.js";
import { say } from "../texts.js";

const PLACE = "card"; // where the look is kept for the next one
const SCHEMES = ["reader", "light", "dark"];
const moment = new Intl.DateTimeFormat(DATES, { dateStyle: "medium", timeStyle: "short", timeZone: "UTC" });

const lookOf = () => ({ accent: "#0f766e", scheme: "reader", ...stored(PLACE, {}) });

// What the marketplace's terms let stand in a page for good: null, and why.
function priceOf({ offer }, { name, pricesShownForHours }) {
  if (pricesShownForHours !== null) return [null, say("pasted.priceTerms", { name })];
  if (!offer || offer.isExpired) return [null, say("pasted.priceNone")];
  return [{ amount: shown(offer.price), asOf: say("asOf", { time: `${moment.format(new Date(offer.observedAt))} UTC` }) }, null];
}

function pictureOf({ image }, { name, letsPicturesBeCopied }) {
  if (!letsPicturesBeCopied) return [null, say("pasted.pictureTerms", { name })];
  return image ? [image.url, null] : [null, say("pasted.pictureNone")];
}

export function CardDialog({ link, product, card, onClose }) {
  const [title, setTitle] = useState(product.title);
  const [look, setLook] = useState(lookOf);
  const [left, setLeft] = useState(new Set()); // what is left out although it may stand there
  const [price, noPrice] = priceOf(product, card);
  const [picture, noPicture] = pictureOf(product, card);
  const change = (news) => {
    setLook({ ...look, ...news });
    store(PLACE, { ...look, ...news });
  };
  const toggle = (name) => () =>
    setLeft((now) => (now.has(name) ? new Set([...now].filter((each) => each !== name)) : new Set([...now, name])));
  const tree = treeOf({
    link,
    title: title.trim() || product.title,
    price: left.has("price") ? null : price,
    picture: left.has("picture") ? null : picture,
    seller: card.name,
    look,
  });
  return html`<${Dialog} title=${say("card.title")} wide onClose=${onClose}><div class="card-maker">
    <div class="stack">
      <label>${say("sort.TITLE_ASC")} <input value=${title} onInput=${(event) => setTitle(event.target.value)} /></label>
      <fieldset class="sites"><legend>${say("theme.legend")}</legend>${SCHEMES.map(
        (code) => html`<label key=${code} class="chip">
        <input type="radio" name="scheme" checked=${look.scheme === code} onChange=${() => change({ scheme: code })} /><span>${say(`look.${code}`)}</span></label>`,
      )}</fieldset>
      <label>${say("pasted.button")} <input type="color" value=${look.accent} onInput=${(event) => change({ accent: event.target.value })} /></label>
      ${[
        ["price", say("pasted.price"), price],
        ["picture", say("pasted.picture"), picture],
      ].map(
        ([name, words, value]) =>
          value &&
          html`<label key=${name} class="option">
        <input type="checkbox" checked=${!left.has(name)} onChange=${toggle(name)} /> ${words}</label>`,
      )}
      ${[noPrice, noPicture].filter(Boolean).map((why) => html`<p key=${why} class="quiet">${why}</p>`)}
    </div>
    <div class="stack">
      <${Preview} tree=${tree} />
      <div class="row"><${Copy} text=${asHTML(tree)} label=${say("pasted.copy")} /></div>
      <p class="quiet">${say("pasted.html")}</p>
    </div>
  </div></${Dialog}>`;
}

function Preview({ tree }) {
  const place = useRef(null);
  const text = asHTML(tree);
  useEffect(() => place.current.replaceChildren(asNode(tree)), [text]);
  return html`<div class="preview" ref=${place} aria-label=${say("preview")} role="group" />`;
}

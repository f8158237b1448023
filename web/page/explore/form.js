// What to look for: only what the marketplace's site has is offered.
import { html, useEffect, useState } from "../html.js";
import { useQuery } from "../asks.js";
import { Fold } from "../fields.js";
import { amountOf } from "../money.js";
import { say } from "../texts.js";
import { named, titleOf } from "../words.js";
import { CATEGORY, FILTERS, addressOf, cardOf, currencyOf, formOf, has, sortOf, together } from "./question.js";

const COUNTRIES = ["US", "GB", "DE", "FR", "ES", "IT", "NL", "PL", "CA", "AU", "BR", "MX", "JP", "IN"];
const WHOLE = { inputmode: "numeric", pattern: "[0-9]{1,9}", title: say("form.whole") };

export function Form({ values, searchable, found, busy, onSearch }) {
  const [form, setForm] = useState(formOf(values));
  const [card, setCard] = useState(cardOf(searchable, values));
  const told = JSON.stringify(values);
  const [shown, setShown] = useState(told);
  if (shown !== told) {
    // not in an effect: it would also run late after the first drawing, over what was typed since
    setShown(told);
    setForm(formOf(values));
    setCard(cardOf(searchable, values));
  }
  const sites = searchable.length > 1 ? [together(searchable), ...searchable] : searchable;
  const set = (name) => (event) => setForm({ ...form, [name]: event.target.value });
  const field = (name) => ({ value: form[name], onInput: set(name) });
  const submit = (event) => {
    event.preventDefault();
    onSearch(addressOf(form, card));
  };
  return html`<form class="panel filters" role="search" onSubmit=${submit}>
    <fieldset class="sites"><legend class="hidden">${say("marketplace")}</legend>
      ${sites.map(
        (each) => html`<label key=${each.id} class="chip">
        <input type="radio" name="site" checked=${each.id === card.id} onChange=${() => (setCard(each), setForm({ ...form, currency: "" }))} />
        <span>${titleOf(each)}</span></label>`,
      )}
    </fieldset>
    <label class="wide">${say("form.words")} <input type="search" required=${!form.category} placeholder=${say("form.example")} ...${field("q")} /></label>
    <${Fold} used=${foldedOf(form, card)}>
      ${has(card, "from") && html`<${Amount} label=${say("form.from")} ...${field("from")} />`}
      ${has(card, "to") && html`<${Amount} label=${say("form.to")} ...${field("to")} />`}
      ${card.searchCurrencies && html`<${Currency} card=${card} value=${currencyOf(card, form.currency)} onInput=${set("currency")} />`}
      ${
        has(card, "ship") &&
        html`<label>${say("form.ship")} <input maxlength="2" pattern="[A-Za-z]{2}" title=${say("form.two")} list="countries" placeholder=${say("any")} ...${field("ship")} /></label>
        <datalist id="countries">${COUNTRIES.map((code) => html`<option key=${code} value=${code} />`)}</datalist>`
      }
      ${has(card, "orders") && html`<label>${say("form.orders")} <input ...${WHOLE} ...${field("orders")} /></label>`}
      ${has(card, "positive") && html`<${Choice} label=${say("form.positive")} options=${[80, 90, 95]} unit="%" ...${field("positive")} />`}
      ${has(card, "discount") && html`<${Choice} label=${say("form.discount")} options=${[10, 25, 50]} unit="%" ...${field("discount")} />`}
      ${has(card, "days") && html`<${Choice} label=${say("form.days")} options=${[3, 5, 7, 10]} unit=${say("form.unit")} ...${field("days")} />`}
      ${has(card, "free") && html`<label>${say("form.shipping")} <select value=${form.free} onChange=${set("free")}><option value="">${say("any")}</option><option value="yes">${say("form.free")}</option></select></label>`}
      ${has(card, "category") && html`<${Category} card=${card} found=${found} value=${form.category} onChange=${(category) => setForm((now) => ({ ...now, category }))} />`}
      ${
        card.searchSorts.length > 0 &&
        html`<label class="wide sort">${say("form.sort")} <select value=${sortOf(card, form.sort)} onChange=${set("sort")}>
        ${card.searchSorts.map((code) => html`<option key=${code} value=${code}>${named("sort", code)}</option>`)}
      </select></label>`
      }
    </${Fold}>
    <button class="primary" disabled=${busy}>${say("search")}</button>
  </form>`;
}

// How many of the fields behind the fold narrow the search.
const foldedOf = (form, card) => Object.keys(FILTERS).filter((field) => has(card, field) && form[field] && form[field] !== "0").length;

// A price as its writer writes it; what cannot be meant is told at the field, in words.
function Amount({ label, value, onInput }) {
  const check = (event) => {
    event.target.setCustomValidity(amountOf(event.target.value).problem ?? "");
    onInput(event);
  };
  return html`<label>${label} <input inputmode="decimal" value=${value} onInput=${check} /></label>`;
}

function Choice({ label, options, unit, value, onInput }) {
  return html`<label>${label} <select value=${value} onChange=${onInput}>
    ${["", ...options].map((each) => html`<option key=${each} value=${each}>${each ? `${each}${unit}` : say("any")}</option>`)}
  </select></label>`;
}

// The site's own; where it converts, another one can be chosen.
function Currency({ card, value, onInput }) {
  const { searchCurrencies: known } = card;
  if (known.length === 1) return html`<div class="told"><span>${say("form.currency")}</span><output>${value}</output></div>`;
  if (known.length) {
    return html`<label>${say("form.currency")} <select value=${value} onChange=${onInput}>${known.map((code) => html`<option key=${code} value=${code}>${code}</option>`)}</select></label>`;
  }
  return html`<label>${say("form.currency")} <input maxlength="3" pattern="[A-Za-z]{3}" title=${say("form.three")} value=${value} onInput=${onInput} /></label>`;
}

// Names of categories by their ids: marketplaces have no list of theirs to offer.
function namesOf(products) {
  const all = products.flatMap(({ categories }) => categories).filter(({ externalId }) => externalId);
  return new Map(all.map(({ externalId, name }) => [externalId, name]).sort(([, one], [, other]) => one.localeCompare(other)));
}

// By its name, as far as products tell it: of the search that is shown, and of the library, once somebody needs it.
// Its number goes along, as two may have one name; whoever knows a number types it alone.
function Category({ card, found, value, onChange }) {
  const [isIn, setIn] = useState(false);
  const variables = isIn || value ? { marketplace: card.code, locale: card.locale } : null;
  const stored = useQuery("categories", variables, { isKept: true }).value?.products.nodes ?? [];
  const names = namesOf([...stored, ...found]);
  const label = (id) => (names.has(id) ? `${names.get(id)} (${id})` : id);
  useEffect(() => {
    if (value && !isIn && label(value) !== value) onChange(label(value));
  });
  const check = (event) => {
    const { value: text } = event.target;
    event.target.setCustomValidity(text.trim() && !CATEGORY.test(text) ? say("form.category.help") : "");
    onChange(text);
  };
  return html`<label>${say("form.category")} <input list="categories" autocomplete="off" placeholder=${say("any")} title=${say("form.category.help")} value=${value}
      onFocus=${() => setIn(true)} onBlur=${() => setIn(false)} onInput=${check} /></label>
    <datalist id="categories">${[...names.keys()].map((id) => html`<option key=${id} value=${label(id)} />`)}</datalist>`;
}

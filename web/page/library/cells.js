// The cells of a product that somebody types into.
import { html } from "../html.js";
import { defaults } from "../defaults.js";
import { finish, own, save, type, useDraft } from "../drafts.js";
import { may } from "../may.js";
import { margin, typed, whyNoMargin } from "../money.js";
import { say } from "../texts.js";
import { said } from "../words.js";
import { Profit } from "../parts.js";

// What a field does with a cell's draft. `known`: what the server has.
function handlers(row, field, known, currency) {
  return {
    onInput: (event) => type(row.id, field, event.target.value, currency),
    onChange: (event) => finish(row.id, field, event.target.value === known),
  };
}

export function Selling({ row: given }) {
  const draft = useDraft(given.id);
  const row = own(given);
  const currency = row.sellingPrice?.currencyCode ?? row.offer?.price.currencyCode ?? defaults().currency;
  const known = typed(row.sellingPrice?.amount);
  const { sellingPrice } = row;
  return html`<div class="row tight">
      <input class="amount" inputmode="decimal" aria-label=${say("cell.price", { title: row.title, currency })} readonly=${!may("IMPORT")}
        value=${draft.texts.sellingPrice ?? known} aria-invalid=${Boolean(draft.refused)} ...${handlers(row, "sellingPrice", known, currency)} />
      <span class="quiet">${currency}</span></div>
    ${draft.refused && html`<p class="problem" role="alert">${draft.refused}</p>`}
    ${
      sellingPrice &&
      html`<${Profit} margin=${row.offer && margin(sellingPrice, row.offer.price, row.offer.shipping?.cost)}
      why=${whyNoMargin(sellingPrice, row.offer)} />`
    }`;
}

export function Notes({ row: given }) {
  const draft = useDraft(given.id);
  const row = own(given);
  const known = row.notes ?? "";
  return html`<textarea rows="2" aria-label=${say("cell.notes", { title: row.title })} value=${draft.texts.notes ?? known} readonly=${!may("IMPORT")}
      ...${handlers(row, "notes", known, draft.currency)} />
    <${Saving} id=${row.id} draft=${draft} />`;
}

function Saving({ id, draft }) {
  if (draft.isSaving) return html`<p class="quiet">${say("saving")}</p>`;
  if (!draft.error) return null;
  return html`<div class="unsaved" role="alert">
    <p class="problem">${say("unsavedWhy", { why: said(draft.error) })}</p>
    <button type="button" class="plain small" onClick=${() => save(id)}>${say("saveAgain")}</button>
  </div>`;
}

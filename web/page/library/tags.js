// The tags of a product: chips that lead to all that have one, and a field for more of them.
import { html, useState } from "../html.js";
import { link } from "../address.js";
import { run } from "../api.js";
import { outdated, useAsk, useQuery } from "../asks.js";
import { learn, own, useDraft } from "../drafts.js";
import { may } from "../may.js";
import { say } from "../texts.js";
import { said } from "../words.js";
import { listed } from "./tagged.js";

const KNOWN = "known-tags"; // the list of a screen's fields

/** All tags with how many products have each. */
export const useTags = () => useQuery("tags", {}, { holds: true }).value?.tags.nodes ?? [];

export const KnownTags = ({ tags }) =>
  html`<datalist id=${KNOWN}>${tags.map(({ name }) => html`<option key=${name} value=${name} />`)}</datalist>`;

export const TagField = ({
  label,
  value,
  onInput,
  quiet = false,
}) => html`<label class="grow"><span class=${quiet ? "hidden" : ""}>${label}</span>
  <input list=${KNOWN} placeholder=${say("tags.example")} autocomplete="off" value=${value} onInput=${onInput} /></label>`;

export function Chips({ row, onRemove }) {
  return html`<ul class="tags" aria-label=${say("column.tags")}>${row.tags.map(
    (tag) => html`<li key=${tag}>
    <a href=${link("library", { tag })}>${tag}</a>
    ${onRemove && html`<button type="button" class="plain" aria-label=${say("tags.remove", { tag, title: row.title })} onClick=${() => onRemove(tag)}>✕</button>`}</li>`,
  )}</ul>`;
}

// What is typed stays in its field until the server has it.
export function Tags({ row: given }) {
  useDraft(given.id);
  const row = own(given);
  const [text, setText] = useState("");
  const [state, change] = useAsk(async (wanted) => {
    const { product, errors } = (await run("update", { input: { id: row.id, ...wanted } })).updateProduct;
    if (errors.length) throw errors[0];
    learn(product);
    outdated("tags");
    if (wanted.addTags) setText((now) => (now === text ? "" : now));
  });
  const onAdd = (event) => {
    event.preventDefault();
    if (listed(text).length) change({ addTags: listed(text) });
  };
  const isOpen = may("IMPORT");
  return html`${row.tags.length > 0 && html`<${Chips} row=${row} onRemove=${isOpen && ((tag) => change({ removeTags: [tag] }))} />`}
    ${
      isOpen &&
      html`<form class="row tight" onSubmit=${onAdd}>
      <${TagField} quiet label=${say("tags.addTo", { title: row.title })} value=${text} onInput=${(event) => setText(event.target.value)} />
      <button disabled=${state.busy || !listed(text).length}>${say("tags.add")}</button></form>`
    }
    ${state.error && html`<p class="problem" role="alert">${said(state.error)}</p>`}`;
}

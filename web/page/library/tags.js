// The tags of a product: chips that lead to all that have one, and a field for more of them.
import { html, useEffect, useState } from "../html.js";
import { choose, here, link } from "../address.js";
import { run } from "../api.js";
import { outdated, useAsk, useQuery } from "../asks.js";
import { learn, own, useDraft } from "../drafts.js";
import { useSettled } from "../fields.js";
import { may } from "../may.js";
import { say } from "../texts.js";
import { said } from "../words.js";
import { listed } from "./tagged.js";

const KNOWN = "known-tags"; // of the field that somebody is in

// A field for tags. Those that there are are offered once somebody is in it: asked of the server by what is typed,
// and kept until tags are changed here. `isOne`: for one tag, else for several with commas between.
export function TagField({ label, value, placeholder = say("tags.example"), isOne = false, quiet = false, ...handlers }) {
  const [isIn, setIn] = useState(false);
  return html`<label class="grow"><span class=${quiet ? "hidden" : ""}>${label}</span>
      <input list=${KNOWN} placeholder=${placeholder} autocomplete="off" value=${value} onFocus=${() => setIn(true)} onBlur=${() => setIn(false)} ...${handlers} /></label>
    ${isIn && html`<${Known} value=${value} isOne=${isOne} />`}`;
}

function Known({ value, isOne }) {
  const at = isOne ? 0 : value.lastIndexOf(",") + 1; // what stands before is written already
  const text = useSettled(value.slice(at).trim());
  const tags = useQuery("tags", { text: text || null }, { holds: true, isKept: true }).value?.tags.nodes ?? [];
  const before = at ? `${value.slice(0, at)} ` : "";
  return html`<datalist id=${KNOWN}>${tags.map(
    ({ name, productCount }) => html`<option key=${name} value=${before + name} label=${say("n.products", { n: productCount })} />`,
  )}</datalist>`;
}

const TYPED = /^(insert|delete)(?!Replacement)/; // by keys; what is chosen of the list is put in at once

// The tag by which the list is filtered, as the address tells it.
export function TagFilter() {
  const told = here().values.tag ?? "";
  const [text, setText] = useState(told);
  useEffect(() => setText(told), [told]);
  const onChange = (event) => choose({ tag: event.target.value.trim() });
  const onInput = (event) => {
    setText(event.target.value);
    if (!event.target.value || !TYPED.test(event.inputType ?? "")) onChange(event);
  };
  return html`<${TagField} label=${say("tags")} quiet isOne value=${text} placeholder=${say("tags.any")} type="search" onInput=${onInput} onChange=${onChange} />`;
}

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

// The buttons for the chosen products, and how far their work is.
import { html } from "../html.js";
import { may } from "../may.js";
import { Dialog, Failure } from "../parts.js";
import { LinkBox } from "../publish.js";
import { count, plural, said } from "../words.js";

const SHOWN = 50; // links of a dialog

export function Tools({ choice, total, isAll, bulk, onAll, onSync, onLinks, onDelete, onExport }) {
  const isOff = !choice.size || (bulk.work && !bulk.work.isOver);
  const tell = choice.size ? `${count(choice.size)} chosen` : total === null ? "" : plural(total, "product");
  return html`<div class="bulk" role="toolbar" aria-label="With the chosen products">
    ${total > 0 && html`<label class="option"><input type="checkbox" aria-label="Choose all" checked=${isAll} onChange=${onAll} /></label>`}
    <span role="status">${tell}</span>
    ${may("SYNC") && html`<button type="button" disabled=${isOff} onClick=${onSync}>Sync</button>`}
    ${may("LINK") && html`<button type="button" disabled=${isOff} onClick=${onLinks}>Make links</button>`}
    ${may("IMPORT") && html`<button type="button" class="danger" disabled=${isOff} onClick=${onDelete}>Delete</button>`}
    <button type="button" disabled=${!total} onClick=${onExport}>Export</button>
  </div>`;
}

// How far the work is; what it ended with.
export function Work({ bulk: { work, stop, close }, onUndo }) {
  if (!work) return null;
  if (work.error) return html`<${Failure} error=${work.error} />`;
  if (!work.isOver) {
    return html`<div class="work">
      <p role="status">Working ... ${work.total > 250 ? `${work.name} ${count(work.done)} of ${count(work.total)}.` : ""}</p>
      <progress max=${work.total} value=${work.done} aria-label=${work.name} />
      <button type="button" disabled=${work.isStopping} onClick=${stop}>${work.isStopping ? "Stopping ..." : "Cancel"}</button>
    </div>`;
  }
  if (["Linked", "Begun"].includes(work.name)) return null; // told by its dialog, and by its job
  const failed = work.results.filter((row) => row.errors.length);
  const deleted = work.name === "Deleted" ? work.results.filter((row) => !row.errors.length).map((row) => row.id) : [];
  return html`<div class="work">
    <p role="status" class="grow">${work.name} ${plural(work.done - failed.length, "product")}${work.isStopped ? ` of ${count(work.total)}, then cancelled` : ""}.
      ${failed.length > 0 && html`<span class="problem">${count(failed.length)} could not be: ${said(failed[0].errors[0])}</span>`}</p>
    ${deleted.length > 0 && html`<button type="button" title="For a day. Links stay in any case." onClick=${() => onUndo(deleted)}>Undo</button>`}
    <button type="button" class="plain" aria-label="Close" onClick=${close}>✕</button>
  </div>`;
}

export function MadeLinks({ made, rows, onClose }) {
  const titles = new Map(rows.map((row) => [row.id, row.title]));
  return html`<${Dialog} title="Affiliate links" wide onClose=${onClose}>
    ${made.length > SHOWN && html`<p class="quiet">The first ${SHOWN} of ${count(made.length)}. All of them are on the Links screen.</p>`}
    ${made.slice(0, SHOWN).map((each) => html`<section key=${each.id}><h3 class="title">${titles.get(each.id)}</h3>
      ${each.affiliateLink ? html`<${LinkBox} link=${each.affiliateLink} title=${titles.get(each.id)} />` : html`<${Failure} error=${each.errors[0]} />`}</section>`)}
  </${Dialog}>`;
}

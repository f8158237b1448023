// The buttons for the chosen products, and how far their work is.
import { html } from "../html.js";
import { may } from "../may.js";
import { Dialog, Failure } from "../parts.js";
import { LinkBox } from "../publish.js";
import { say } from "../texts.js";
import { said } from "../words.js";

const SHOWN = 50; // links of a dialog
const UNDONE = ["deleted", "edited"]; // what can be taken back

export function Tools({ choice, total, isAll, bulk, onAll, onSync, onLinks, onEdit, onDelete, onExport }) {
  const isOff = !choice.size || (bulk.work && !bulk.work.isOver);
  const tell = choice.size ? say("tools.chosen", { n: choice.size }) : total === null ? "" : say("n.products", { n: total });
  return html`<div class="bulk" role="toolbar" aria-label=${say("tools")}>
    ${total > 0 && html`<label class="option"><input type="checkbox" aria-label=${say("tools.all")} checked=${isAll} onChange=${onAll} /></label>`}
    <span role="status">${tell}</span>
    ${may("SYNC") && html`<button type="button" disabled=${isOff} onClick=${onSync}>${say("sync")}</button>`}
    ${may("LINK") && html`<button type="button" disabled=${isOff} onClick=${onLinks}>${say("links.make")}</button>`}
    ${may("IMPORT") && html`<button type="button" disabled=${isOff} onClick=${onEdit}>${say("edit.open")}</button>`}
    ${may("IMPORT") && html`<button type="button" class="danger" disabled=${isOff} onClick=${onDelete}>${say("delete")}</button>`}
    <button type="button" disabled=${!total} onClick=${onExport}>${say("export")}</button>
  </div>`;
}

// How far the work is; what it ended with.
export function Work({ bulk: { work, stop, close }, onUndo }) {
  if (!work) return null;
  if (work.error) return html`<${Failure} error=${work.error} />`;
  if (!work.isOver) {
    return html`<div class="work">
      <p role="status">${say("working")} ${work.total > 250 ? say("work.so", { what: say(`work.${work.name}`), done: work.done, total: work.total }) : ""}</p>
      <progress max=${work.total} value=${work.done} aria-label=${say(`work.${work.name}`)} />
      <button type="button" disabled=${work.isStopping} onClick=${stop}>${work.isStopping ? say("stopping") : say("cancel")}</button>
    </div>`;
  }
  if (["linked", "begun"].includes(work.name)) return null; // told by its dialog, and by its job
  const failed = work.results.filter((row) => row.errors.length);
  const undone = UNDONE.includes(work.name) ? work.results.filter((row) => !row.errors.length) : [];
  return html`<div class="work">
    <p role="status" class="grow">${say("work.end", { what: say(`work.${work.name}`), n: work.done - failed.length })}${work.isStopped ? say("work.stopped", { total: work.total }) : ""}.
      ${failed.length > 0 && html`<span class="problem">${say("work.failed", { n: failed.length, why: said(failed[0].errors[0]) })}</span>`}</p>
    ${undone.length > 0 && html`<button type="button" title=${work.name === "deleted" ? say("undo.help") : ""} onClick=${() => onUndo(work.name, undone)}>${say("undo")}</button>`}
    <button type="button" class="plain" aria-label=${say("close")} onClick=${close}>✕</button>
  </div>`;
}

export function MadeLinks({ made, rows, onClose }) {
  const titles = new Map(rows.map((row) => [row.id, row.title]));
  return html`<${Dialog} title=${say("links.title")} wide onClose=${onClose}>
    ${made.length > SHOWN && html`<p class="quiet">${say("links.first", { shown: SHOWN, total: made.length })}</p>`}
    ${made.slice(0, SHOWN).map(
      (each) => html`<section key=${each.id}><h3 class="title">${titles.get(each.id)}</h3>
      ${each.affiliateLink ? html`<${LinkBox} link=${each.affiliateLink} title=${titles.get(each.id)} />` : html`<${Failure} error=${each.errors[0]} />`}</section>`,
    )}
  </${Dialog}>`;
}

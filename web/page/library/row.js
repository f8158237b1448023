// A product of the catalogue as a row.
import { html } from "../html.js";
import { link } from "../address.js";
import { own, useDraft } from "../drafts.js";
import { Picture, Sandbox } from "../parts.js";
import { say } from "../texts.js";
import { changes, named, said, time } from "../words.js";
import { COLUMNS } from "./columns.js";
import { Chips } from "./tags.js";

export function Row({ row, columns, news, isChosen, onToggle }) {
  return html`<tr class=${isChosen ? "chosen" : ""} data-id=${row.id}>
      <td class="check"><input type="checkbox" aria-label=${say("choose", { title: row.title })} checked=${isChosen} onChange=${onToggle} /></td>
      <td class="product"><div class="row">
        <${Picture} url=${row.image?.url} small />
        <div class="grow">
          <p class="title"><a href=${link("product", { id: row.id })}>${row.title}</a></p>
          <p class="quiet">${row.marketplace.name}${row.locale ? ` · ${row.locale}` : ""} · ${row.externalId} <${Sandbox} mode=${row.marketplace.mode} /></p>
          ${row.state !== "ACTIVE" && html`<p><span class="badge warn">${named("state", row.state)}</span> <span class="quiet">${say("since", { time: time(row.stateSince) })}</span></p>`}
          ${!columns.includes("tags") && html`<${Tagged} row=${row} />`}
          <${News} news=${news} />
        </div></div></td>
      ${columns.map((name) => html`<td key=${name} class="in-${name}" data-label=${say(`column.${name}`)}><${COLUMNS[name].Cell} row=${row} /></td>`)}
    </tr>`;
}

// Where no column is for them.
function Tagged({ row: given }) {
  useDraft(given.id);
  const row = own(given);
  return row.tags.length > 0 && html`<${Chips} row=${row} />`;
}

function News({ news }) {
  if (!news) return null;
  if (news.errors.length) return html`<p class="problem">${said(news.errors[0])}</p>`;
  return html`<p class="changed">${news.changed.length ? say("changed", { names: changes(news.changed) }) : say("unchanged")}</p>`;
}

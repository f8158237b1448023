// A product of the catalogue as a row.
import { html } from "../html.js";
import { link } from "../address.js";
import { Notes, Selling } from "./cells.js";
import { Picture, Price, Sandbox } from "../parts.js";
import { say } from "../texts.js";
import { ago, changes, named, said, time } from "../words.js";

export function Row({ row, news, isChosen, onToggle }) {
  const { offer } = row;
  return html`<tr class=${isChosen ? "chosen" : ""} data-id=${row.id}>
      <td class="check"><input type="checkbox" aria-label=${say("choose", { title: row.title })} checked=${isChosen} onChange=${onToggle} /></td>
      <td class="product"><div class="row">
        <${Picture} url=${row.image?.url} small />
        <div class="grow">
          <p class="title"><a href=${link("product", { id: row.id })}>${row.title}</a></p>
          <p class="quiet">${row.marketplace.name}${row.locale ? ` · ${row.locale}` : ""} · ${row.externalId} <${Sandbox} mode=${row.marketplace.mode} /></p>
          ${row.state !== "ACTIVE" && html`<p><span class="badge warn">${named("state", row.state)}</span> <span class="quiet">${say("since", { time: time(row.stateSince) })}</span></p>`}
          <${News} news=${news} />
        </div></div></td>
      <td class="in-price" data-label=${say("column.price")}><${Price} product=${row} />
        ${offer && html`<p class="quiet" title=${offer.disclaimer}>${offer.discountPercent > 0 ? `−${offer.discountPercent}% · ` : ""}${say("asOf", { time: time(offer.observedAt) })}</p>`}</td>
      <td class="in-sellAt" data-label=${say("column.sellAt")}><${Selling} row=${row} /></td>
      <td class="in-notes" data-label=${say("column.notes")}><${Notes} row=${row} /></td>
      <td class="in-synced" data-label=${say("column.synced")}><p title=${time(row.syncedAt)}>${ago(row.syncedAt)}</p></td>
    </tr>`;
}

function News({ news }) {
  if (!news) return null;
  if (news.errors.length) return html`<p class="problem">${said(news.errors[0])}</p>`;
  return html`<p class="changed">${news.changed.length ? say("changed", { names: changes(news.changed) }) : say("unchanged")}</p>`;
}

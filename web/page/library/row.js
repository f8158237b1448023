// A product of the catalogue as a row.
import { html } from "../html.js";
import { link } from "../address.js";
import { Notes, Selling } from "./cells.js";
import { Picture, Price, Sandbox } from "../parts.js";
import { ago, capital, changes, plain, said, time } from "../words.js";

export function Row({ row, news, isChosen, onToggle }) {
  const { offer } = row;
  return html`<tr class=${isChosen ? "chosen" : ""} data-id=${row.id}>
      <td class="check"><input type="checkbox" aria-label="Choose ${row.title}" checked=${isChosen} onChange=${onToggle} /></td>
      <td class="product"><div class="row">
        <${Picture} url=${row.image?.url} small />
        <div class="grow">
          <p class="title"><a href=${link("product", { id: row.id })}>${row.title}</a></p>
          <p class="quiet">${row.marketplace.name}${row.locale ? ` · ${row.locale}` : ""} · ${row.externalId} <${Sandbox} mode=${row.marketplace.mode} /></p>
          ${row.state !== "ACTIVE" && html`<p><span class="badge warn">${capital(plain(row.state))}</span> <span class="quiet">since ${time(row.stateSince)}</span></p>`}
          <${News} news=${news} />
        </div></div></td>
      <td data-label="Price"><${Price} product=${row} />
        ${offer && html`<p class="quiet" title=${offer.disclaimer}>${offer.discountPercent > 0 ? `−${offer.discountPercent}% · ` : ""}as of ${time(offer.observedAt)}</p>`}</td>
      <td data-label="Sell at"><${Selling} row=${row} /></td>
      <td data-label="Notes"><${Notes} row=${row} /></td>
      <td data-label="Synced"><p title=${time(row.syncedAt)}>${ago(row.syncedAt)}</p></td>
    </tr>`;
}

function News({ news }) {
  if (!news) return null;
  if (news.errors.length) return html`<p class="problem">${said(news.errors[0])}</p>`;
  return html`<p class="changed">${news.changed.length ? `Changed: ${changes(news.changed)}` : "Synced, nothing changed"}</p>`;
}

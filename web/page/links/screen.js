// Links: what was made, for which product and under which id, and how to publish it.
import { html } from "../html.js";
import { here, link as address } from "../address.js";
import { Choice, Words } from "../fields.js";
import { may } from "../may.js";
import { Failure, Pager, Sandbox } from "../parts.js";
import { Copies } from "../publish.js";
import { plural, time } from "../words.js";
import { useLinks } from "./list.js";
import { Make } from "./make.js";

export function Links({ cards }) {
  const { list, busy, error, again, isFiltered } = useLinks();
  const links = list?.nodes ?? [];
  const names = [...new Map(cards.map((card) => [card.code, card.name]))];
  return html`
    <h1>Links</h1>
    ${may("LINK") && html`<${Make} />`}
    <div class="toolbar">
      <p role="status" class="grow">${list ? plural(list.totalCount ?? links.length, "link") : ""}</p>
      <${Words} name="subId" label="Only this sub id" placeholder="Only this sub id" />
      <${Choice} name="marketplace" label="Marketplace" value=${here().values.marketplace} options=${[["", "All marketplaces"], ...names]} />
    </div>
    ${error && html`<${Failure} error=${error} again=${again} />`}
    ${!list && busy && html`<div class="skeleton tall" aria-busy="true" aria-label="Loading" />`}
    ${list && !links.length && html`<p class="empty">${isFiltered ? "No link fits this filter." : "No links yet. Make one above, or with the Link button of a product."}</p>`}
    <ul class="links" id="results" tabindex="-1">${links.map((link) => html`<${Link} key=${link.id} link=${link} card=${cards.find((each) => each.code === link.marketplace.code)} />`)}</ul>
    ${list && html`<${Pager} info=${list.pageInfo} />`}`;
}

const titleOf = (link) => link.product?.title ?? link.sourceUrl;

const Link = ({ link, card }) => html`<li class="panel">
    <div class="row"><h2 class="title grow">${link.product?.importedAt ? html`<a href=${address("product", { id: link.product.id })}>${link.product.title}</a>` : titleOf(link)}</h2><${Sandbox} mode=${link.mode} /></div>
    <div class="row"><a class="grow cut" href=${link.url} target="_blank" rel="${link.rel} noreferrer">${link.url}</a></div>
    <${Copies} link=${link} title=${titleOf(link)} product=${link.product} card=${card} />
    <dl class="facts">
      <dt>Marketplace</dt><dd>${link.marketplace.name}</dd>
      <dt>Tracking id</dt><dd>${link.trackingId}</dd>
      ${link.subId && html`<dt>Sub id</dt><dd>${link.subId}</dd>`}
      <dt>rel</dt><dd><code>${link.rel}</code></dd>
      <dt>Made</dt><dd>${time(link.createdAt)}</dd>
    </dl>
    <p class="quiet">${link.disclosure}</p>
  </li>`;

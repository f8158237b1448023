// Links: what was made, for which product and under which id, and how to publish it.
import { html } from "../html.js";
import { here, link as address } from "../address.js";
import { Choice, Words } from "../fields.js";
import { may } from "../may.js";
import { Failure, Pager, Sandbox } from "../parts.js";
import { Copies } from "../publish.js";
import { say } from "../texts.js";
import { time } from "../words.js";
import { useLinks } from "./list.js";
import { Make } from "./make.js";

export function Links({ cards }) {
  const { list, busy, error, again, isFiltered } = useLinks();
  const links = list?.nodes ?? [];
  const names = [...new Map(cards.map((card) => [card.code, card.name]))];
  return html`
    <h1>${say("screen.links")}</h1>
    ${may("LINK") && html`<${Make} />`}
    <div class="toolbar">
      <p role="status" class="grow">${list ? say("n.links", { n: list.totalCount ?? links.length }) : ""}</p>
      <${Words} name="subId" label=${say("links.only")} placeholder=${say("links.only")} />
      <${Choice} name="marketplace" label=${say("marketplace")} value=${here().values.marketplace} options=${[["", say("marketplace.all")], ...names]} />
    </div>
    ${error && html`<${Failure} error=${error} again=${again} />`}
    ${!list && busy && html`<div class="skeleton tall" aria-busy="true" aria-label=${say("loading.name")} />`}
    ${list && !links.length && html`<p class="empty">${isFiltered ? say("links.nothing") : say("links.empty")}</p>`}
    <ul class="links" id="results" tabindex="-1">${links.map((link) => html`<${Link} key=${link.id} link=${link} card=${cards.find((each) => each.code === link.marketplace.code)} />`)}</ul>
    ${list && html`<${Pager} info=${list.pageInfo} />`}`;
}

const titleOf = (link) => link.product?.title ?? link.sourceUrl;

const Link = ({ link, card }) => html`<li class="panel">
    <div class="row"><h2 class="title grow">${link.product?.importedAt ? html`<a href=${address("product", { id: link.product.id })}>${link.product.title}</a>` : titleOf(link)}</h2><${Sandbox} mode=${link.mode} /></div>
    <div class="row"><a class="grow cut" href=${link.url} target="_blank" rel="${link.rel} noreferrer">${link.url}</a></div>
    <${Copies} link=${link} title=${titleOf(link)} product=${link.product} card=${card} />
    <dl class="facts">
      <dt>${say("marketplace")}</dt><dd>${link.marketplace.name}</dd>
      <dt>${say("link.tracking")}</dt><dd>${link.trackingId}</dd>
      ${link.subId && html`<dt>${say("link.sub")}</dt><dd>${link.subId}</dd>`}
      <dt>${say("link.rel")}</dt><dd><code>${link.rel}</code></dd>
      <dt>${say("link.made")}</dt><dd>${time(link.createdAt)}</dd>
    </dl>
    <p class="quiet">${link.disclosure}</p>
  </li>`;

// Links: what was made, for which product and under which id, and how to publish it.
import { html } from "../html.js";
import { here, link as address } from "../address.js";
import { useQuery } from "../asks.js";
import { Choice, Words } from "../fields.js";
import { may } from "../may.js";
import { Failure, Pager, Picture, Sandbox } from "../parts.js";
import { Copies } from "../publish.js";
import { say } from "../texts.js";
import { named, time } from "../words.js";
import { Make } from "./make.js";

const PAGE = 50;

// The links of the address's filter and page.
function useLinks() {
  const { values } = here();
  const { marketplace, subId, trackingId } = values;
  const told = Object.entries({ marketplace, subId, trackingId }).filter(([, value]) => value);
  const variables = { first: PAGE, after: values.after ?? null, filter: told.length ? Object.fromEntries(told) : null };
  const asked = useQuery("links", variables, { partial: true, holds: true });
  return { ...asked, list: asked.value?.affiliateLinks, isFiltered: told.length > 0 };
}

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

// Whether it still leads to something that can be bought.
const Health = ({ product }) =>
  product && product.state !== "ACTIVE" && html`<span class="badge warn">${named("state", product.state)}</span>`;

function Link({ link, card }) {
  const { product } = link;
  const facts = [
    link.marketplace.name,
    `${say("link.tracking")} ${link.trackingId}`,
    link.subId && `${say("link.sub")} ${link.subId}`,
    `${say("link.made")} ${time(link.createdAt)}`,
  ];
  return html`<li class="panel stack close">
    <div class="row top-aligned">
      <${Picture} url=${product?.image?.url} small />
      <div class="grow">
        <h2 class="title">${product?.importedAt ? html`<a href=${address("product", { id: product.id })}>${product.title}</a>` : titleOf(link)}</h2>
        <p class="cut"><a href=${link.url} target="_blank" rel="${link.rel} noreferrer">${link.url}</a></p>
        <p class="quiet">${facts.filter(Boolean).join(" · ")}</p>
      </div>
      <${Health} product=${product} /><${Sandbox} mode=${link.mode} />
    </div>
    <${Copies} link=${link} title=${titleOf(link)} product=${product} card=${card} />
    <p class="quiet"><code>${say("link.rel")}="${link.rel}"</code> · ${link.disclosure}</p>
  </li>`;
}

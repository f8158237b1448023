// Home: what needs attention today, and the first steps of a beginner.
import { html } from "../html.js";
import { link } from "../address.js";
import { useQuery } from "../asks.js";
import { Failure } from "../parts.js";
import { ago, count, titleOf } from "../words.js";
import { isOpen, Jobs } from "../activity/jobs.js";
import { say } from "../texts.js";
import { syncedBefore } from "../library/list.js";
import { attentionOf } from "./attention.js";
import { Start } from "./start.js";

export function Home({ cards, onCard }) {
  const { value, busy, error, again } = useQuery("home", { staleBefore: syncedBefore(7), yesterday: syncedBefore(1) });
  const numbers = value && Object.fromEntries(Object.entries(value).map(([name, list]) => [name, list.totalCount ?? 0]));
  return html`
    <h1>${say("screen.home")}</h1>
    ${error && html`<${Failure} error=${error} again=${again} />`}
    ${!numbers && busy && html`<div class="skeleton tall" aria-busy="true" aria-label=${say("loading.name")} />`}
    ${
      numbers &&
      html`<div class="home">
      <${Start} cards=${cards} numbers=${numbers} onCard=${onCard} />
      <${Attention} items=${attentionOf(cards, numbers)} isNew=${!numbers.products && !numbers.affiliateLinks} />
      <${Jobs} title=${say("job.open")} shows=${isOpen} />
      <${News} numbers=${numbers} />
      <${Numbers} numbers=${numbers} />
      <${Accounts} cards=${cards.filter((card) => card.status === "CONNECTED")} />
    </div>`
    }`;
}

const Attention = ({ items, isNew }) => html`<section aria-labelledby="attention">
    <h2 id="attention">${say("home.attention")}</h2>
    ${!items.length && html`<p class="empty small">${say(isNew ? "home.empty" : "home.well")}</p>`}
    <ul class="attention">${items.map(
      (item) => html`<li key=${item.title} class="panel ${item.tone}">
      <div class="grow"><p><strong>${item.title}</strong></p><p class="quiet">${item.text}</p></div>
      <a class="button" href=${item.href}>${item.action}</a>
    </li>`,
    )}</ul>
  </section>`;

// What happened since yesterday; nothing where nothing did.
function News({ numbers }) {
  const tiles = [
    [numbers.drops, say("home.cheaper"), link("activity", { kind: "prices" })],
    [numbers.rises, say("home.dearer"), link("activity", { kind: "prices" })],
    [numbers.outOfStock, say("home.out"), link("activity", { kind: "stock" })],
    [numbers.becameGone, say("home.vanished"), link("activity", { kind: "stock" })],
  ].filter(([number]) => number > 0);
  return tiles.length > 0 && html`<${Tiles} id="news" title=${say("home.news")} tiles=${tiles} />`;
}

function Numbers({ numbers }) {
  const tiles = [
    [numbers.products, say("home.library"), link("library")],
    [numbers.affiliateLinks, say("home.links"), link("links")],
    [numbers.unlinked, say("home.unlinked"), link("library", { links: "false" })],
    [numbers.unavailable + numbers.gone, say("home.unsold"), link("library", { state: numbers.gone ? "GONE" : "UNAVAILABLE" })],
  ];
  return html`<${Tiles} id="numbers" title=${say("home.catalogue")} tiles=${tiles} />`;
}

function Tiles({ id, title, tiles }) {
  return html`<section aria-labelledby=${id}>
    <h2 id=${id}>${title}</h2>
    <ul class="tiles">${tiles.map(([number, words, href]) => html`<li key=${words}><a class="panel" href=${href}><strong>${count(number)}</strong><span>${words}</span></a></li>`)}</ul>
  </section>`;
}

function Accounts({ cards }) {
  if (!cards.length) return null;
  return html`<section aria-labelledby="accounts">
    <h2 id="accounts">${say("screen.marketplaces")}</h2>
    <ul class="tiles wide">${cards.map(
      ({ id, health, quota, ...card }) => html`<li key=${id} class="panel">
      <strong>${titleOf(card)}</strong>
      <p class="quiet">${health.lastSuccessAt ? say("home.answered", { time: ago(health.lastSuccessAt) }) : say("home.unasked")}</p>
      ${quota.limitPerDay && html`<progress max=${quota.limitPerDay} value=${quota.usedToday} aria-label=${say("home.callsName", { name: titleOf(card) })} />`}
      <p class="quiet">${quota.limitPerDay ? say("calls.of", { used: quota.usedToday, most: quota.limitPerDay }) : say("calls", { n: quota.usedToday })}</p>
    </li>`,
    )}</ul>
  </section>`;
}

// A product's own page: what it is, what it costs and did cost, and its links.
import { html, useState } from "../html.js";
import { here, link } from "../address.js";
import { run } from "../api.js";
import { useAsk, useQuery } from "../asks.js";
import { Watching } from "../activity/watching.js";
import { Notes, Selling } from "../library/cells.js";
import { Tags } from "../library/tags.js";
import { may } from "../may.js";
import { Dialog, Failure, Picture, Price, Sandbox } from "../parts.js";
import { LinkBox } from "../publish.js";
import { say } from "../texts.js";
import { changes, named, time } from "../words.js";
import { PriceChart } from "./chart.js";
import { Facts } from "./facts.js";

export function Product({ cards }) {
  const { id } = here().values;
  const { value, busy, error, again, askedAt } = useQuery("product", id ? { id } : null);
  const product = value?.product && { ...value.product, askedAt };
  return html`
    <p class="path"><a href=${link("library")}>${say("screen.library")}</a></p>
    ${error && html`<${Failure} error=${error} again=${again} />`}
    ${!product && busy && html`<div class="skeleton tall" aria-busy="true" aria-label=${say("loading.name")} />`}
    ${!product && !busy && !error && html`<p class="empty">${say("product.none")}</p>`}
    ${product && html`<${Page} key=${id} product=${product} cards=${cards} again=${again} />`}`;
}

function Page({ product, cards, again }) {
  const { marketplace } = product;
  const card = cards.find((each) => each.code === marketplace.code);
  return html`
    <h1>${product.title}</h1>
    <p class="row wrap quiet">${marketplace.name}${product.locale ? ` · ${product.locale}` : ""} · ${product.externalId}
      <${Sandbox} mode=${marketplace.mode} />
      ${product.state !== "ACTIVE" && html`<span class="badge warn">${named("state", product.state)} ${say("since", { time: time(product.stateSince) })}</span>`}
      <a href=${product.url} target="_blank" rel="nofollow noopener noreferrer">${say("product.open", { name: marketplace.name })}</a></p>
    <${Actions} product=${product} cards=${cards} again=${again} />
    <div class="product-page">
      <${Pictures} images=${product.images} />
      <section class="panel" aria-labelledby="offer"><h2 id="offer">${say("product.offer")}</h2>
        <${Price} product=${product} />
        ${product.offer && html`<p class="quiet">${product.offer.discountPercent > 0 ? `−${product.offer.discountPercent}% · ` : ""}${say("asOf", { time: time(product.offer.observedAt) })}</p>`}
        <${Facts} product=${product} />
      </section>
      <section class="panel stack" aria-labelledby="own"><h2 id="own">${say("yours")}</h2>
        <div><p class="label">${say("sellAt")}</p><${Selling} row=${product} /></div>
        <div><p class="label">${say("column.notes")}</p><${Notes} row=${product} /></div>
        <div><p class="label">${say("tags")}</p><${Tags} row=${product} /></div>
      </section>
      <section class="panel whole" aria-labelledby="history"><h2 id="history">${say("product.history")}</h2>
        ${marketplace.keepsPriceHistory ? html`<${PriceChart} seen=${[...product.priceHistory.nodes].reverse()} />` : html`<p class="quiet">${say("product.forbidden", { name: marketplace.name })}</p>`}
      </section>
      <section class="panel whole" aria-labelledby="links"><h2 id="links">${say("screen.links")}</h2>
        ${!product.affiliateLinks.nodes.length && html`<p class="quiet">${say("product.unlinked")}</p>`}
        ${product.affiliateLinks.nodes.map((each) => html`<${LinkBox} key=${each.id} link=${each} title=${product.title} product=${product} card=${card} />`)}
      </section>
      ${
        product.features.length > 0 &&
        html`<section class="panel whole" aria-labelledby="features"><h2 id="features">${say("product.text")}</h2>
        <ul>${product.features.map((text) => html`<li key=${text}>${text}</li>`)}</ul></section>`
      }
    </div>`;
}

function Actions({ product, cards, again }) {
  const [isWatching, setWatching] = useState(false);
  const [state, act] = useAsk((work) => work());
  const sync = () =>
    act(async () => {
      const {
        results: [row],
      } = (await run("sync", { ids: [product.id] })).syncProducts;
      if (row.errors.length) throw row.errors[0];
      await again();
      return row.changed.length ? say("changed", { names: changes(row.changed) }) : say("unchanged");
    });
  const makeLink = () =>
    act(async () => {
      const {
        results: [row],
      } = (await run("make-links", { products: [{ id: product.id }] })).generateLinks;
      if (row.errors.length) throw row.errors[0];
      await again();
      return say("product.linked");
    });
  return html`<div class="row wrap tools">
      ${may("SYNC") && html`<button type="button" disabled=${state.busy} onClick=${sync}>${say("sync")}</button>`}
      ${may("LINK") && html`<button type="button" disabled=${state.busy} onClick=${makeLink}>${say("link.make")}</button>`}
      ${may("IMPORT") && html`<button type="button" onClick=${() => setWatching(true)}>${say("watch.open")}</button>`}
      <span role="status" class="quiet">${state.busy ? say("working") : state.value}</span>
    </div>
    ${state.error && html`<${Failure} error=${state.error} />`}
    ${isWatching && html`<${Dialog} title=${say("watch.new")} onClose=${() => setWatching(false)}><${Watching} cards=${cards} product=${product} /></${Dialog}>`}`;
}

function Pictures({ images }) {
  const [number, setNumber] = useState(0);
  return html`<div class="pictures">
    <${Picture} url=${images[number]?.url} />
    ${
      images.length > 1 &&
      html`<ul>${images.map(
        (image, n) => html`<li key=${image.url}>
      <button type="button" class="plain" aria-label=${say("product.picture", { number: n + 1, total: images.length })} aria-pressed=${n === number} onClick=${() => setNumber(n)}><${Picture} url=${image.url} small /></button>
    </li>`,
      )}</ul>`
    }
  </div>`;
}

// Links: what was made, for which product and under which id, and how to publish it.
import { html, useEffect, useState } from "./html.js";
import { run } from "./api.js";
import { Copy, Failure, LinkBox, Pager, Sandbox, useAsk } from "./parts.js";
import { plural, time } from "./words.js";

const PAGE = 50;

export function Links({ cards }) {
  const [trail, setTrail] = useState([]);
  const [marketplace, setMarketplace] = useState("");
  const [page, load] = useAsk((given) => run("links", given, { partial: true }).then((data) => data.affiliateLinks));
  const reload = () => load({ first: PAGE, after: trail.at(-1) ?? null, filter: marketplace ? { marketplace } : null });
  useEffect(() => {
    reload();
  }, [trail, marketplace]);
  const links = page.value?.nodes ?? [];
  return html`
    <h1>Links</h1>
    <${Make} onMade=${reload} />
    <div class="toolbar">
      <p role="status" class="grow">${page.value ? plural(page.value.totalCount ?? links.length, "link") : ""}</p>
      <label><span class="hidden">Marketplace</span><select value=${marketplace} onChange=${(event) => (setTrail([]), setMarketplace(event.target.value))}>
        <option value="">All marketplaces</option>
        ${[...new Map(cards.map((card) => [card.code, card.name]))].map(([code, name]) => html`<option key=${code} value=${code}>${name}</option>`)}
      </select></label>
    </div>
    ${page.error && html`<${Failure} error=${page.error} again=${reload} />`}
    ${!page.value && page.busy && html`<div class="skeleton tall" aria-busy="true" aria-label="Loading" />`}
    ${page.value && !links.length && html`<p class="empty">No links yet. Make one above, or with the Link button of a product.</p>`}
    <ul class="links">${links.map((link) => html`<li key=${link.id} class="panel">
      <div class="row"><h2 class="title grow">${link.product?.title ?? link.sourceUrl}</h2><${Sandbox} mode=${link.mode} /></div>
      <div class="row"><a class="grow cut" href=${link.url} target="_blank" rel="${link.rel} noreferrer">${link.url}</a><${Copy} text=${link.url} /></div>
      <dl class="facts">
        <dt>Marketplace</dt><dd>${link.marketplace.name}</dd>
        <dt>Tracking id</dt><dd>${link.trackingId}</dd>
        ${link.subId && html`<dt>Sub id</dt><dd>${link.subId}</dd>`}
        <dt>rel</dt><dd><code>${link.rel}</code></dd>
        <dt>Made</dt><dd>${time(link.createdAt)}</dd>
      </dl>
      <p class="quiet">${link.disclosure}</p>
    </li>`)}</ul>
    ${page.value && html`<${Pager} trail=${trail} info=${page.value.pageInfo} onMove=${setTrail} />`}`;
}

function Make({ onMade }) {
  const [form, setForm] = useState({ url: "", trackingId: "", subId: "" });
  const [made, make] = useAsk(async () => {
    const [row] = (await run("make-links", {
      products: [{ url: form.url.trim() }],
      trackingId: form.trackingId.trim() || null,
      subId: form.subId.trim() || null,
    })).generateLinks.results;
    if (row.errors.length) throw row.errors[0];
    onMade();
    return row.affiliateLink;
  });
  const set = (name) => (event) => setForm({ ...form, [name]: event.target.value });
  const submit = (event) => {
    event.preventDefault();
    make();
  };
  return html`<form class="panel filters" onSubmit=${submit}>
    <label class="wide">Product address or id <input required value=${form.url} onInput=${set("url")} /></label>
    <label>Tracking id <input placeholder="default" value=${form.trackingId} onInput=${set("trackingId")} /></label>
    <label>Sub id <input placeholder="none" value=${form.subId} onInput=${set("subId")} /></label>
    <button class="primary" disabled=${made.busy}>Make link</button>
    ${made.error && html`<div class="all"><${Failure} error=${made.error} /></div>`}
    ${made.value && html`<div class="all"><${LinkBox} link=${made.value} /></div>`}
  </form>`;
}

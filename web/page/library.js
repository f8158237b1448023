// Library: the catalogue as a table; many products can be synced, linked, exported or deleted at once.
import { html, useEffect, useState } from "./html.js";
import { run } from "./api.js";
import { PriceChart } from "./chart.js";
import { Export } from "./export.js";
import { Profit } from "./explore.js";
import { kept } from "./kept.js";
import { isAmount } from "./money.js";
import { Dialog, Failure, LinkBox, Pager, Picture, Price, Sandbox, useAsk } from "./parts.js";
import { ago, capital, plain, plural, time } from "./words.js";

const SORTS = {
  IMPORTED_DESC: "Imported last",
  SYNCED_ASC: "Longest not synced",
  TITLE_ASC: "Title",
  PRICE_ASC: "Price, low to high",
  PRICE_DESC: "Price, high to low",
  DISCOUNT_DESC: "Highest discount",
  ORDERS_DESC: "Most orders",
};
const STATES = ["ACTIVE", "UNAVAILABLE", "GONE"];
const PAGE = 50;

export function Library({ cards, imports }) {
  const [filter, setFilter] = useState({ text: "", marketplace: "", state: "" });
  const [sort, setSort] = useState("IMPORTED_DESC");
  const [trail, setTrail] = useState([]);
  const [chosen, setChosen] = useState(new Set());
  const [news, setNews] = useState(kept.news ?? {}); // id -> what the last sync said
  kept.news = news;
  const [open, setOpen] = useState(null); // "export" or { links }
  const [page, load, setPage] = useAsk((given) => run("library", given).then((data) => data.products));
  const wanted = Object.fromEntries(Object.entries(filter).filter(([, value]) => value));
  const reload = () => load({ first: PAGE, after: trail.at(-1) ?? null, filter: wanted, sort });
  useEffect(() => {
    const timer = setTimeout(reload, page.value ? 250 : 0); // while somebody types
    return () => clearTimeout(timer);
  }, [filter, sort, trail, imports]);

  const rows = page.value?.nodes ?? [];
  const picked = rows.filter((row) => chosen.has(row.id));
  const change = (next) => {
    setTrail([]);
    setChosen(new Set());
    next();
  };
  const onRow = (row) =>
    setPage((now) => ({ ...now, value: { ...now.value, nodes: now.value.nodes.map((each) => (each.id === row.id ? row : each)) } }));
  const toggle = (id) => setChosen((now) => new Set(now.has(id) ? [...now].filter((each) => each !== id) : [...now, id]));
  const [bulk, act] = useAsk((work) => work());
  const sync = () => act(async () => {
    const ids = picked.map((row) => row.id);
    const { results, errors } = (await run("sync", { ids })).syncProducts;
    if (errors.length) throw errors[0]; // of the whole, told once
    setNews((now) => ({ ...now, ...Object.fromEntries(results.map((row, n) => [ids[n], row])) }));
    results.forEach((row) => row.product && onRow(row.product));
  });
  const link = () => act(async () => {
    const products = picked.map(({ id }) => ({ id }));
    const { results, errors } = (await run("make-links", { products })).generateLinks;
    if (errors.length) throw errors[0];
    setOpen({ links: results.map((row, n) => ({ ...row, title: picked[n].title, id: picked[n].id })) });
  });
  const remove = () => act(async () => {
    if (!confirm(`Delete ${plural(picked.length, "product")} from the library? Links stay.`)) return;
    for (const row of picked) {
      const { errors } = (await run("delete", { id: row.id })).deleteProduct;
      if (errors.length) throw errors[0];
    }
    setChosen(new Set());
    reload();
  });
  const isAll = rows.length > 0 && picked.length === rows.length;
  const isFiltered = Object.keys(wanted).length > 0;

  return html`
    <h1>Library</h1>
    <div class="toolbar">
      <label class="grow"><span class="hidden">Title holds</span>
        <input type="search" placeholder="Search titles" value=${filter.text} onInput=${(event) => change(() => setFilter({ ...filter, text: event.target.value }))} /></label>
      <label><span class="hidden">Marketplace</span><select value=${filter.marketplace} onChange=${(event) => change(() => setFilter({ ...filter, marketplace: event.target.value }))}>
        <option value="">All marketplaces</option>
        ${[...new Map(cards.map((card) => [card.code, card.name]))].map(([code, name]) => html`<option key=${code} value=${code}>${name}</option>`)}
      </select></label>
      <label><span class="hidden">State</span><select value=${filter.state} onChange=${(event) => change(() => setFilter({ ...filter, state: event.target.value }))}>
        <option value="">All states</option>${STATES.map((state) => html`<option key=${state} value=${state}>${capital(plain(state))}</option>`)}
      </select></label>
      <label><span class="hidden">Sort</span><select value=${sort} onChange=${(event) => change(() => setSort(event.target.value))}>
        ${Object.entries(SORTS).map(([code, label]) => html`<option key=${code} value=${code}>${label}</option>`)}
      </select></label>
    </div>
    <div class="bulk" role="toolbar" aria-label="With the chosen products">
      ${rows.length > 0 && html`<label class="option"><input type="checkbox" aria-label="Choose all" checked=${isAll}
        onChange=${() => setChosen(new Set(isAll ? [] : rows.map((row) => row.id)))} /></label>`}
      <span role="status">${picked.length ? `${picked.length} chosen` : page.value ? plural(page.value.totalCount ?? rows.length, "product") : ""}</span>
      <button type="button" disabled=${!picked.length || bulk.busy} onClick=${sync}>Sync</button>
      <button type="button" disabled=${!picked.length || bulk.busy} onClick=${link}>Make links</button>
      <button type="button" class="danger" disabled=${!picked.length || bulk.busy} onClick=${remove}>Delete</button>
      <button type="button" disabled=${!rows.length} onClick=${() => setOpen("export")}>Export</button>
      ${bulk.busy && html`<span class="quiet">Working ...</span>`}
    </div>
    ${bulk.error && html`<${Failure} error=${bulk.error} />`}
    ${page.error && html`<${Failure} error=${page.error} again=${reload} />`}
    ${page.value && !rows.length && html`<p class="empty">${isFiltered ? "Nothing fits this filter." : "Nothing imported yet. Explore a marketplace, or paste addresses above."}</p>`}
    ${!page.value && page.busy && html`<div class="skeleton tall" aria-busy="true" aria-label="Loading" />`}
    ${rows.length > 0 && html`<table class="library">
      <thead><tr>
        <th scope="col"><span class="hidden">Chosen</span></th>
        <th scope="col">Product</th><th scope="col">Price</th><th scope="col">Sell at</th><th scope="col">Notes</th><th scope="col">Synced</th>
      </tr></thead>
      <tbody>${rows.map((row) => html`<${Row} key=${row.id} row=${row} news=${news[row.id]} isChosen=${chosen.has(row.id)} onToggle=${() => toggle(row.id)} onRow=${onRow} />`)}</tbody>
    </table>`}
    ${page.value && html`<${Pager} trail=${trail} info=${page.value.pageInfo} onMove=${(pages) => (setChosen(new Set()), setTrail(pages))} />`}
    ${open === "export" && html`<${Export} cards=${cards} chosen=${picked} filter=${wanted} total=${page.value.totalCount} onClose=${() => setOpen(null)} />`}
    ${open?.links && html`<${Dialog} title="Affiliate links" wide onClose=${() => setOpen(null)}>
      ${open.links.map((each) => html`<section key=${each.id}><h3 class="title">${each.title}</h3>
        ${each.affiliateLink ? html`<${LinkBox} link=${each.affiliateLink} />` : html`<${Failure} error=${each.errors[0]} />`}</section>`)}
    </${Dialog}>`}`;
}

function Row({ row, news, isChosen, onToggle, onRow }) {
  const [isOpen, setOpen] = useState(false);
  const [saved, save] = useAsk(async (change) => {
    const { product, errors } = (await run("update", { input: { id: row.id, ...change } })).updateProduct;
    if (errors.length) throw errors[0];
    onRow(product);
  });
  const currency = row.sellingPrice?.currencyCode ?? row.offer?.price.currencyCode ?? "USD";
  const onSelling = (event) => {
    const amount = event.target.value.trim();
    if (amount === (row.sellingPrice?.amount ?? "")) return;
    if (amount && !isAmount(amount)) {
      event.target.setCustomValidity("Plain digits, like 49.99");
      event.target.reportValidity();
      return;
    }
    save({ sellingPrice: amount ? { amount, currencyCode: currency } : null });
  };
  const onNotes = (event) => {
    const notes = event.target.value.trim() || null;
    if (notes !== (row.notes || null)) save({ notes });
  };
  const hasHistory = row.marketplace.keepsPriceHistory; // the terms of some forbid it
  return html`<tr class=${isChosen ? "chosen" : ""} data-id=${row.id}>
      <td class="check"><input type="checkbox" aria-label="Choose ${row.title}" checked=${isChosen} onChange=${onToggle} /></td>
      <td class="product"><div class="row">
        <${Picture} url=${row.image?.url} small />
        <div class="grow">
          <p class="title"><a href=${row.url} target="_blank" rel="nofollow noopener noreferrer">${row.title}</a></p>
          <p class="quiet">${row.marketplace.name}${row.locale ? ` · ${row.locale}` : ""} · ${row.externalId} <${Sandbox} mode=${row.marketplace.mode} /></p>
          ${row.state !== "ACTIVE" && html`<p><span class="badge warn">${capital(plain(row.state))}</span> <span class="quiet">since ${time(row.stateSince)}</span></p>`}
          <${News} news=${news} />
        </div></div></td>
      <td data-label="Price"><${Price} product=${row} />
        ${row.offer && html`<p class="quiet" title=${row.offer.disclaimer}>${row.offer.discountPercent > 0 ? `−${row.offer.discountPercent}% · ` : ""}as of ${time(row.offer.observedAt)}</p>`}
        ${hasHistory && html`<button type="button" class="plain small" aria-expanded=${isOpen} onClick=${() => setOpen(!isOpen)}>Price history</button>`}</td>
      <td data-label="Sell at"><div class="row tight"><input class="amount" inputmode="decimal" aria-label="Selling price of ${row.title} in ${currency}" value=${row.sellingPrice?.amount ?? ""}
          onInput=${(event) => event.target.setCustomValidity("")} onChange=${onSelling} /> <span class="quiet">${currency}</span></div>
        ${row.sellingPrice && html`<${Profit} margin=${row.margin} />`}</td>
      <td data-label="Notes"><textarea rows="2" aria-label="Notes on ${row.title}" value=${row.notes ?? ""} onChange=${onNotes} />
        ${saved.busy && html`<p class="quiet">Saving ...</p>`}${saved.error && html`<p class="problem" role="alert">${saved.error.message}</p>`}</td>
      <td data-label="Synced"><p title=${time(row.syncedAt)}>${ago(row.syncedAt)}</p></td>
    </tr>
    ${isOpen && html`<tr class="history"><td colspan="6"><${PriceChart} id=${row.id} syncedAt=${row.syncedAt} /></td></tr>`}`;
}

function News({ news }) {
  if (!news) return null;
  if (news.errors.length) return html`<p class="problem">${news.errors[0].message}</p>`;
  return html`<p class="changed">${news.changed.length ? `Changed: ${news.changed.map(plain).join(", ")}` : "Synced, nothing changed"}</p>`;
}

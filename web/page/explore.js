// Explore: a marketplace's own search, with what would be left of a planned selling price.
import { html, useState } from "./html.js";
import { run } from "./api.js";
import { kept } from "./kept.js";
import { AMOUNT, isAmount, margin, shown } from "./money.js";
import { Dialog, Failure, Failures, LinkBox, Pager, Picture, Price, Sandbox, Skeletons, useAsk } from "./parts.js";
import { ago, compact, plain, plural, rating, shipping, time, titleOf } from "./words.js";

const SORTS = {
  RELEVANCE: "Best match",
  PRICE_ASC: "Price, low to high",
  PRICE_DESC: "Price, high to low",
  ORDERS_DESC: "Most orders",
  DISCOUNT_DESC: "Highest discount",
  RATING_DESC: "Best rated",
  NEWEST: "Newest",
};
const COUNTRIES = ["US", "GB", "DE", "FR", "ES", "IT", "NL", "PL", "CA", "AU", "BR", "MX", "JP", "IN"];
const BLANK = {
  keywords: "",
  categoryId: "",
  minPrice: "",
  maxPrice: "",
  currencyCode: "USD",
  shipToCountry: "",
  minOrders: "10",
  minPositivePercent: "",
  sort: "RELEVANCE",
};
const PAGE = 24;
const START = { form: BLANK, site: null, selling: "", trail: [], asked: null, result: null };

export function Explore({ searchable, onImport }) {
  const last = kept.explore ?? START;
  const [form, setForm] = useState(last.form);
  const [site, setSite] = useState(last.site ?? searchable[0].id);
  const [selling, setSelling] = useState(last.selling);
  const [trail, setTrail] = useState(last.trail);
  const [asked, setAsked] = useState(last.asked);
  const [result, search, setResult] = useAsk(
    (variables) => run("search", variables).then((data) => data.searchProducts),
    last.result,
  );
  const card = searchable.find((each) => each.id === site) ?? searchable[0];
  kept.explore = { form, site, selling, trail, asked, result: result.value };

  const go = (question, pages) => {
    setAsked(question);
    setTrail(pages);
    setResult((now) => ({ ...now, value: null })); // it answered another question
    search({ ...question, first: PAGE, after: pages.at(-1) ?? null });
  };
  const submit = (event) => {
    event.preventDefault();
    go({ marketplace: card.code, locale: card.locale, search: input(form) }, []);
  };
  const set = (name) => (event) => setForm({ ...form, [name]: event.target.value });
  const onProduct = (product) => {
    const nodes = result.value.nodes.map((each) => (each.id === product.id ? { ...each, ...product } : each));
    setResult({ ...result, value: { ...result.value, nodes } });
  };
  const plan = isAmount(selling) ? { amount: selling.trim(), currencyCode: asked?.search.currencyCode ?? "USD" } : null;

  return html`
    <h1>Explore</h1>
    <form class="panel filters" role="search" onSubmit=${submit}>
      <fieldset class="sites"><legend class="hidden">Marketplace</legend>
        ${searchable.map((each) => html`<label key=${each.id} class="chip">
          <input type="radio" name="site" checked=${each.id === card.id} onChange=${() => setSite(each.id)} />
          <span>${titleOf(each)}</span></label>`)}
      </fieldset>
      <label class="wide">Keywords <input type="search" value=${form.keywords} onInput=${set("keywords")} placeholder="phone case" /></label>
      <label>Price from <input inputmode="decimal" pattern=${AMOUNT} title="Plain digits, like 15.50" value=${form.minPrice} onInput=${set("minPrice")} /></label>
      <label>Price to <input inputmode="decimal" pattern=${AMOUNT} title="Plain digits, like 49.99" value=${form.maxPrice} onInput=${set("maxPrice")} /></label>
      <label>Currency <input maxlength="3" pattern="[A-Za-z]{3}" title="Three letters, like USD" value=${form.currencyCode} onInput=${set("currencyCode")} /></label>
      <label>Ship to <input maxlength="2" pattern="[A-Za-z]{2}" title="Two letters, like DE" list="countries" placeholder="any" value=${form.shipToCountry} onInput=${set("shipToCountry")} /></label>
      <datalist id="countries">${COUNTRIES.map((code) => html`<option key=${code} value=${code} />`)}</datalist>
      <label>Orders from <input inputmode="numeric" pattern="[0-9]{1,9}" title="A whole number, like 100" value=${form.minOrders} onInput=${set("minOrders")} /></label>
      <label>Positive from <select value=${form.minPositivePercent} onChange=${set("minPositivePercent")}>
        ${["", "80", "90", "95"].map((each) => html`<option key=${each} value=${each}>${each ? `${each}%` : "any"}</option>`)}
      </select></label>
      <label>Category id <input list="categories" placeholder="any" value=${form.categoryId} onInput=${set("categoryId")} /></label>
      <datalist id="categories">${categoriesOf(result.value).map(([id, name]) => html`<option key=${id} value=${id}>${name}</option>`)}</datalist>
      <label class="wide sort">Sort <select value=${form.sort} onChange=${set("sort")}>
        ${Object.entries(SORTS).map(([code, label]) => html`<option key=${code} value=${code}>${label}${card.searchSorts.includes(code) ? "" : ", of those found"}</option>`)}
      </select></label>
      <button class="primary" disabled=${result.busy}>Search</button>
    </form>
    ${asked && html`<${Summary} result=${result} selling=${selling} onSelling=${setSelling} currency=${asked.search.currencyCode} />`}
    ${result.error && html`<${Failure} error=${result.error} again=${() => go(asked, trail)} />`}
    ${result.value && html`<${Failures} errors=${result.value.errors} again=${() => go(asked, trail)} />`}
    ${result.busy ? html`<${Skeletons} count=${8} />` : html`<${Found} result=${result} asked=${asked} plan=${plan} onProduct=${onProduct} onImport=${onImport} />`}
    ${!result.busy && result.value && html`<${Pager} trail=${trail} info=${result.value.pageInfo} onMove=${(pages) => go(asked, pages)} />`}`;
}

function Found({ result, asked, plan, onProduct, onImport }) {
  if (!asked) return html`<p class="empty">Search a marketplace to find products. Nothing is stored until you import it.</p>`;
  if (!result.value || result.value.errors.length) return null;
  if (!result.value.nodes.length) {
    return html`<p class="empty">Nothing on this page. Try other keywords, a wider price range, or fewer orders.
      ${result.value.pageInfo.hasNextPage && " The next page may hold more."}</p>`;
  }
  return html`<ul class="grid">
    ${result.value.nodes.map((product) => html`<${Card} key=${product.id} product=${product} plan=${plan} onProduct=${onProduct} onImport=${onImport} />`)}
  </ul>`;
}

function Summary({ result, selling, onSelling, currency }) {
  const { value, busy } = result;
  const isWrong = selling.trim() !== "" && !isAmount(selling);
  return html`<div class="summary">
    <p role="status">${busy ? "Searching ..." : value && (value.nodes.length > 0 || !value.errors.length) && html`
      <strong>${value.totalCount === null ? plural(value.nodes.length, "product") : `${plural(value.totalCount, "product")} found`}</strong>
      ${value.cachedAt && html`<span class="quiet" title=${time(value.cachedAt)}> · from the cache, asked ${ago(value.cachedAt)}</span>`}
      ${value.sortedRows !== null && html`<span class="quiet"> · ${sorted(value)}</span>`}
      ${filtered(value) && html`<span class="quiet"> · filtered afterwards: ${filtered(value)}</span>`}
      ${value.unsupportedFilters.length > 0 && html`<span class="quiet"> · cannot be filtered here: ${value.unsupportedFilters.map(plain).join(", ")}</span>`}`}
    </p>
    <label class="selling">Sell at
      <input inputmode="decimal" placeholder="49.99" value=${selling} aria-invalid=${isWrong}
        onInput=${(event) => onSelling(event.target.value)} /> ${currency}
    </label>
  </div>`;
}

const filtered = ({ postFilters }) => postFilters.filter((name) => name !== "sort").map(plain).join(", ");

const sorted = ({ sortedRows, sortedRowsUnknown }) =>
  sortedRowsUnknown === sortedRows
    ? "in the marketplace's order, as it tells nothing to sort by"
    : `sorted among ${plural(sortedRows, "product")}${sortedRowsUnknown ? `, of which ${sortedRowsUnknown} do not tell and come last` : ""}`;

function Card({ product, plan, onProduct, onImport }) {
  const [link, setLink] = useState(null);
  const [imported, doImport] = useAsk(async () => {
    const [row] = (await run("import", { products: [{ id: product.id }] })).importProducts.results;
    if (row.errors.length) throw row.errors[0];
    onProduct(row.product);
    onImport();
  });
  const [made, makeLink] = useAsk(async () => {
    const [row] = (await run("make-links", { products: [{ id: product.id }] })).generateLinks.results;
    if (row.errors.length) throw row.errors[0];
    setLink(row.affiliateLink);
  });
  const { offer, commission } = product;
  const facts = [
    rating(product.reviews),
    product.ordersLast30Days !== null && `${compact(product.ordersLast30Days)} ${product.ordersLast30Days === 1 ? "order" : "orders"}`,
  ].filter(Boolean);
  return html`<li class="card" data-id=${product.id}>
    <div class="frame">
      <${Picture} url=${product.image?.url} />
      ${offer?.discountPercent > 0 && html`<span class="badge discount">−${offer.discountPercent}%</span>`}
      <${Sandbox} mode=${product.marketplace.mode} />
    </div>
    <h2 class="title"><a href=${product.url} target="_blank" rel="nofollow noopener noreferrer" title=${product.title}>${product.title}</a></h2>
    <${Price} product=${product} />
    <p class="quiet">${facts.join(" · ") || "No rating or orders told"}</p>
    <p class="quiet">${shipping(offer)}</p>
    <p class="quiet">${commission ? `Commission ${Number(commission.ratePercent)}%${commission.amount ? `, ${shown(commission.amount)}` : ""}` : ""}</p>
    ${plan && html`<${Profit} margin=${offer && margin(plan, offer.price, offer.shipping?.cost)} />`}
    <p class="quiet as-of" title=${offer?.disclaimer}>${offer ? `Price as of ${time(offer.observedAt)}` : ""}</p>
    <div class="row actions">
      ${product.importedAt
        ? html`<span class="done">✓ In the library</span>`
        : html`<button type="button" disabled=${imported.busy} onClick=${doImport}>${imported.busy ? "Importing ..." : "Import"}</button>`}
      <button type="button" disabled=${made.busy} onClick=${makeLink}>Link</button>
    </div>
    ${imported.error && html`<${Failure} error=${imported.error} again=${doImport} />`}
    ${made.error && html`<${Failure} error=${made.error} again=${makeLink} />`}
    ${link && html`<${Dialog} title="Affiliate link" onClose=${() => setLink(null)}><p>${product.title}</p><${LinkBox} link=${link} /></${Dialog}>`}
  </li>`;
}

export function Profit({ margin: left }) {
  if (!left) return html`<p class="quiet profit">Margin unknown</p>`;
  const isLoss = left.profit.amount.startsWith("-");
  return html`<p class="profit ${isLoss ? "loss" : "gain"}" data-profit=${left.profit.amount} data-percent=${left.percent}>
    ${isLoss ? "Loss" : "Profit"} <strong>${shown(left.profit)}</strong> · ${left.percent}%</p>`;
}

// Categories of what was found, id and name: marketplaces have no list of theirs to offer.
const categoriesOf = (found) =>
  [...new Map((found?.nodes ?? []).flatMap((product) => product.categories).map(({ externalId, name }) => [externalId, name]))].filter(([id]) => id);

// The form as the API takes it: what is left empty is not asked for.
function input(form) {
  const search = {
    keywords: form.keywords.trim() || null,
    categoryId: form.categoryId.trim() || null,
    minPrice: form.minPrice.trim() || null,
    maxPrice: form.maxPrice.trim() || null,
    currencyCode: form.currencyCode.trim().toUpperCase() || "USD",
    shipToCountry: form.shipToCountry.trim().toUpperCase() || null,
    minOrders: Number(form.minOrders) || 0,
    minPositivePercent: form.minPositivePercent || null,
    sort: form.sort,
  };
  return Object.fromEntries(Object.entries(search).filter(([, value]) => value !== null));
}

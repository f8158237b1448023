// What the page computes, by Node's own test runner: `node --test tests/web/page.test.mjs`.
import assert from "node:assert/strict";
import { test } from "node:test";

// What a browser has, and these modules ask for.
Object.defineProperty(globalThis, "navigator", { value: { language: "en-US", languages: ["en-US"] } });
globalThis.localStorage = { getItem: () => null, setItem() {} };

const page = "../../web/page/";
const { amountOf, margin, shown, typed, whyNoMargin } = await import(`${page}money.js`);
const { markup } = await import(`${page}explore/markup.js`);
const { addressOf, cardOf, currencyOf, formOf, together, variablesOf } = await import(`${page}explore/question.js`);
const { beforeOf, changeOf } = await import(`${page}library/changes.js`);
const { key, listed } = await import(`${page}library/tagged.js`);
const { asHTML, inkOn, treeOf } = await import(`${page}card/tree.js`);
const { say } = await import(`${page}texts.js`);
const { compact, named, rating, shipping } = await import(`${page}words.js`);

// A server that looks at most at 250 numbers of a text of 100 kB, as ours does.
const asked = [];
globalThis.fetch = async (_address, { body } = {}) => {
  if (!body) return Response.json({ pasted: "" });
  const { text } = JSON.parse(body).variables;
  asked.push(text);
  const found = [...text.matchAll(/[0-9]{16}/g)].map((match) => ({
    start: match.index,
    end: match.index + 16,
    words: match[0],
    product: { id: match[0] },
    errors: [],
  }));
  const isTooMuch = found.length > 250 || text.length > 100_000;
  return Response.json(
    isTooMuch ? { errors: [{ message: "Too much.", extensions: { code: "INVALID_INPUT" } }] } : { data: { productsIn: found } },
  );
};
const { lookAt } = await import(`${page}paste/look.js`);

async function looked(text) {
  asked.length = 0;
  const lines = [];
  const lefts = [];
  await lookAt({ text }, (more, left) => (lines.push(...more), lefts.push(left)), undefined);
  return { lines, lefts, asked: asked.length };
}

const number = (n) => String(1005000000000000 + n);

test("rows of a table that name several things each are all looked at", async () => {
  const rows = Array.from({ length: 250 }, (_, n) => `Lamp\t${number(n)}\thttps://aliexpress.com/item/${number(n)}.html`);

  const { lines, lefts, asked } = await looked(rows.join("\n"));

  assert.equal(lines.length, 500);
  assert.deepEqual(lines.map((line) => line.text).slice(-2), [number(249), number(249)]);
  assert.deepEqual([lefts, asked], [[125, 0], 3]);
});

test("a list in one line is looked at, however long it is", async () => {
  const ids = Array.from({ length: 6_000 }, (_, n) => number(n));

  for (const joint of [",", " ", "; "]) {
    const { lines, lefts } = await looked(ids.join(joint));

    assert.deepEqual([lines.map((line) => line.product?.id), lefts.at(-1)], [ids, 0]);
  }
});

test("a line that cannot be halved is told", async () => {
  await assert.rejects(looked("1".repeat(100_001)), /Too much/);
});

const usd = (amount) => ({ amount, currencyCode: "USD" });

test("an amount is read as its writer means it, or refused", () => {
  const read = Object.fromEntries(
    ["", " 12 ", "12.5", "1,234.50", "1'000", "12,5", "1.2.3", "cheap", "1.234"].map((text) => [text, amountOf(text).amount]),
  );

  assert.deepEqual(read, {
    "": "",
    " 12 ": "12",
    12.5: "12.5",
    "1,234.50": "1234.50",
    "1'000": "1000",
    "12,5": undefined,
    "1.2.3": undefined,
    cheap: undefined,
    1.234: "1.234",
  });
  assert.match(amountOf("12,5").problem, /“12,5” is no amount here\. Write it like 1,234\.50\./);
});

test("money is shown and typed by the language", () => {
  assert.deepEqual([shown(usd("1234.5")), shown(null), typed("12.50"), typed(null)], ["$1,234.50", "", "12.50", ""]);
});

test("a margin is exact, and says why there is none", () => {
  assert.deepEqual(margin(usd("19.99"), usd("7.10"), usd("1.005")), { profit: usd("11.89"), percent: "59.45" });
  assert.equal(margin(usd("0"), usd("1")), null);
  assert.equal(margin(usd("5"), { amount: "1", currencyCode: "EUR" }), null);
  assert.equal(whyNoMargin(usd("5"), null), "No margin: the price is not known.");
  assert.match(whyNoMargin(usd("5"), { price: { amount: "1", currencyCode: "EUR" } }), /you sell in USD, the price is in EUR/);
  assert.equal(whyNoMargin(usd("5"), { price: usd("1") }), null);
});

test("a selling price by a rule is exact", () => {
  const rows = [
    ["10.00", "USD", "2.5", "", "", "25"],
    ["10.00", "USD", "2.5", "1.2", "99", "26.99"],
    ["9.996", "USD", "2.5", "", "99", "24.99"], // which it ends in already
    ["10.00", "USD", "2.5", "", "99", "25.99"],
    ["0.10", "USD", "3", "", "", "0.3"],
    ["1.15", "USD", "1.1", "", "", "1.27"], // 1.265: half away from zero
    ["1999", "JPY", "2.5", "", "", "4998"],
    ["10.00", "USD", "1.234", "", "00", "13"],
    ["10.00", "USD", "cheap", "", "", null],
    ["10.00", "USD", "", "", "", null],
  ];

  for (const [amount, currencyCode, times, fee, ending, expected] of rows) {
    assert.equal(markup({ amount, currencyCode }, { times, fee, ending })?.amount ?? null, expected);
  }
});

test("many products are changed by one rule, each by its own price and words", () => {
  const row = { id: "1", notes: "from B", sellingPrice: null, offer: { price: usd("10.00") } };
  const plan = { way: "price", price: "12.5", times: "2.5", fee: "", ending: "99" };
  const change = (wanted, of = row) => changeOf(of, { price: "keep", notes: "keep", text: "late", ...wanted }, plan);

  assert.deepEqual(change({}), { id: "1" });
  assert.deepEqual(change({ price: "rule" }), { id: "1", sellingPrice: usd("25.99") });
  assert.deepEqual(change({ price: "price" }), { id: "1", sellingPrice: usd("12.5") });
  assert.deepEqual(change({ price: "price" }, { ...row, sellingPrice: { amount: "1", currencyCode: "EUR" } }).sellingPrice, {
    amount: "12.5",
    currencyCode: "EUR",
  });
  assert.deepEqual(change({ price: "clear", notes: "clear" }), { id: "1", sellingPrice: null, notes: null });
  assert.deepEqual(change({ notes: "add" }), { id: "1", notes: "from B\nlate" });
  assert.deepEqual(change({ notes: "add" }, { ...row, notes: null }), { id: "1", notes: "late" });
  assert.deepEqual(change({ notes: "replace" }), { id: "1", notes: "late" });
  assert.equal(change({ price: "rule" }, { ...row, offer: null }).problem, "No price is known to add a markup to.");
  assert.deepEqual(beforeOf(row, change({ price: "rule" })), { id: "1", sellingPrice: null });
});

test("a search is asked with what the site has", () => {
  const card = {
    code: "SHOP",
    locale: null,
    searchFilters: ["minPrice", "maxPrice", "minOrders"],
    searchSorts: ["NEWEST"],
    searchCurrencies: ["EUR"],
  };
  const form = { ...formOf({}), q: " lamp ", from: "5", days: "3" };
  const values = addressOf(form, card);

  assert.deepEqual(values, {
    marketplace: "SHOP",
    locale: "",
    q: "lamp",
    from: "5",
    to: "",
    orders: "10",
    currency: "EUR",
    sort: "NEWEST",
  });
  assert.deepEqual(variablesOf(values, card, 24), {
    marketplace: "SHOP",
    locale: null,
    first: 24,
    after: null,
    search: { currencyCode: "EUR", sort: "NEWEST", minOrders: 10, keywords: "lamp", minPrice: "5" },
  });
  assert.equal(variablesOf({}, card, 24), null);
  assert.equal(currencyOf({ searchCurrencies: [] }, ""), "USD");
});

test("all marketplaces together have what each of them has", () => {
  const one = {
    code: "SHOP",
    locale: null,
    searchFilters: ["minPrice", "maxPrice", "minOrders"],
    searchSorts: ["RELEVANCE", "NEWEST"],
    searchCurrencies: [],
  };
  const other = {
    code: "STORE",
    locale: "store.de",
    searchFilters: ["maxPrice", "minPrice"],
    searchSorts: ["NEWEST"],
    searchCurrencies: ["EUR"],
  };
  const third = { ...other, locale: "store.com", searchCurrencies: ["USD"] };
  const all = together([one, other]);

  assert.deepEqual([all.searchFilters, all.searchSorts, all.searchCurrencies], [["minPrice", "maxPrice"], ["NEWEST"], ["EUR"]]);
  assert.deepEqual([together([one, other, third]).searchFilters, together([one, other, third]).searchCurrencies], [[], null]);
  assert.deepEqual(together([one, one]).searchCurrencies, []);
  assert.equal(cardOf([one, other], { marketplace: "ALL" }).code, "ALL");
  assert.equal(cardOf([one], { marketplace: "ALL" }), one);
  assert.deepEqual(addressOf({ ...formOf({}), q: "lamp", from: "5" }, together([one, other, third])), {
    marketplace: "ALL",
    locale: "",
    q: "lamp",
    currency: "",
    sort: "NEWEST",
  });
});

test("tags are put on and taken off, and that is taken back", () => {
  const row = { id: "1", notes: null, tags: ["Gifts", "summer"] };
  const change = (wanted) => changeOf(row, { price: "keep", notes: "keep", ...wanted }, {});

  assert.deepEqual(change({ tags: "add", names: " gifts, Beach,beach ,," }), { id: "1", addTags: ["gifts", "beach"] });
  assert.deepEqual(beforeOf(row, change({ tags: "add", names: "gifts, Beach" })), { id: "1", removeTags: ["Beach"] });
  assert.deepEqual(beforeOf(row, change({ tags: "remove", names: "SUMMER, none" })), { id: "1", addTags: ["summer"] });
  assert.deepEqual(listed(" , "), []);
  assert.equal(key("E\u0301"), key("é"));
});

test("a product card escapes what it is told, and its button can be read", () => {
  const link = { url: "https://a.example/?a=1&b=2", rel: "sponsored", disclosure: "Paid <b>" };
  const text = asHTML(
    treeOf({ link, title: 'A "big" lamp', price: null, picture: null, seller: "Shop", look: { accent: "#ffffff", scheme: "light" } }),
  );

  assert.match(text, /href="https:\/\/a\.example\/\?a=1&amp;b=2"/);
  assert.match(text, /A &quot;big&quot; lamp/);
  assert.match(text, /Paid &lt;b&gt;/);
  assert.doesNotMatch(text, /<script|<img/);
  assert.deepEqual([inkOn("#ffffff"), inkOn("#0f766e"), inkOn("#000000")], ["#000000", "#ffffff", "#ffffff"]);
});

test("a text has the form that fits a number, and values in their places", () => {
  assert.deepEqual([say("n.products", { n: 1 }), say("n.products", { n: 1200 })], ["1 product", "1,200 products"]);
  const link = { type: "a" };
  assert.deepEqual(say("watch.of", { what: link }), ["Of ", link, ""]);
});

test("what a marketplace tells is said in words", () => {
  assert.equal(shipping({ shipping: { minDays: 3, maxDays: 7 } }), "Ships in about 3-7 days");
  assert.equal(shipping(null), "");
  assert.equal(rating({ averageRating: "4.5", count: 1234, positivePercent: null }), "★ 4.5 (1.2K)");
  assert.equal(rating({ averageRating: null, count: null, positivePercent: "96" }), "96% positive");
  assert.deepEqual([compact(999), compact(12_000)], ["999", "12K"]);
  assert.deepEqual([named("state", "GONE"), named("state", "NEW_ONE")], ["Gone", "New one"]);
});

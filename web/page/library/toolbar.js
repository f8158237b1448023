// What is shown of the catalogue, and in which order.
import { html } from "../html.js";
import { here } from "../address.js";
import { Choice, Fold, Words } from "../fields.js";
import { say } from "../texts.js";
import { named } from "../words.js";
import { TagFilter } from "./tags.js";

const SORTS = ["IMPORTED_DESC", "SYNCED_ASC", "TITLE_ASC", "PRICE_ASC", "PRICE_DESC", "DISCOUNT_DESC", "ORDERS_DESC"];
const LINKS = [
  ["", say("linked.all")],
  ["true", say("linked.with")],
  ["false", say("linked.without")],
];
const AGES = [
  ["", say("age.any")],
  ["1", say("age.day")],
  ["7", say("age.week")],
];
const percents = (key) => [10, 20, 30, 50].map((percent) => [String(percent), say(key, { percent })]);
const MARGINS = [["", say("margin.any")], ["none", say("margin.none")], ["0", say("margin.even")], ...percents("margin.least")];
const DISCOUNTS = [["", say("discount.any")], ...percents("discount.least")];
const FOLDED = ["marketplace", "state", "links", "age", "margin", "discount", "tag"];
const STATES = ["ACTIVE", "UNAVAILABLE", "GONE"];

export function Toolbar({ cards, children }) {
  const { values } = here();
  const { sort = "IMPORTED_DESC" } = values;
  const sorts = SORTS.includes(sort) ? SORTS : [...SORTS, sort]; // by a heading
  const names = [...new Map(cards.map((card) => [card.code, card.name]))];
  return html`<div class="toolbar">
    <${Words} name="text" label=${say("search.name")} placeholder=${say("library.search")} />
    <${Fold} used=${FOLDED.filter((name) => values[name]).length}>
      <${Choice} name="marketplace" label=${say("marketplace")} value=${values.marketplace} options=${[["", say("marketplace.all")], ...names]} />
      <${Choice} name="state" label=${say("state")} value=${values.state}
        options=${[["", say("state.any")], ...STATES.map((state) => [state, named("state", state)])]} />
      <${Choice} name="links" label=${say("linked")} value=${values.links} options=${LINKS} />
      <${Choice} name="age" label=${say("age")} value=${values.age} options=${AGES} />
      <${Choice} name="margin" label=${say("margin")} value=${values.margin} options=${MARGINS} />
      <${Choice} name="discount" label=${say("discount")} value=${values.discount} options=${DISCOUNTS} />
      <${TagFilter} />
    </${Fold}>
    <${Choice} name="sort" label=${say("form.sort")} value=${sort} options=${sorts.map((each) => [each, named("sort", each)])} />
    ${children}
  </div>`;
}

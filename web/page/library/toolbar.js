// What is shown of the catalogue, and in which order.
import { html } from "../html.js";
import { here } from "../address.js";
import { Choice, Words } from "../fields.js";
import { capital, plain } from "../words.js";

const SORTS = {
  IMPORTED_DESC: "Imported last",
  SYNCED_ASC: "Longest not synced",
  TITLE_ASC: "Title",
  PRICE_ASC: "Price, low to high",
  PRICE_DESC: "Price, high to low",
  DISCOUNT_DESC: "Highest discount",
  ORDERS_DESC: "Most orders",
};
const LINKS = [["", "With or without links"], ["true", "With links"], ["false", "Without links"]];
const AGES = [["", "Synced at any time"], ["1", "Not synced for a day"], ["7", "Not synced for a week"]];
const STATES = ["ACTIVE", "UNAVAILABLE", "GONE"];

export function Toolbar({ cards }) {
  const { values } = here();
  const names = [...new Map(cards.map((card) => [card.code, card.name]))];
  return html`<div class="toolbar">
    <${Words} name="text" label="Search" placeholder="Search titles, ids and notes" />
    <${Choice} name="marketplace" label="Marketplace" value=${values.marketplace} options=${[["", "All marketplaces"], ...names]} />
    <${Choice} name="state" label="State" value=${values.state}
      options=${[["", "All states"], ...STATES.map((state) => [state, capital(plain(state))])]} />
    <${Choice} name="links" label="Links" value=${values.links} options=${LINKS} />
    <${Choice} name="age" label="Age" value=${values.age} options=${AGES} />
    <${Choice} name="sort" label="Sort" value=${values.sort ?? "IMPORTED_DESC"} options=${Object.entries(SORTS)} />
  </div>`;
}

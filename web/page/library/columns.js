// The columns of the library beside the product: what a cell shows, and how its heading sorts.
import { html } from "../html.js";
import { Price } from "../parts.js";
import { store, stored } from "../stored.js";
import { say } from "../texts.js";
import { ago, compact, count, rating, time } from "../words.js";
import { Notes, Selling } from "./cells.js";
import { Tags } from "./tags.js";

const PLACE = "columns";
const USUAL = ["price", "sellAt", "notes", "synced"];

function Seen({ row }) {
  const { offer } = row;
  return html`<${Price} product=${row} />
    ${offer && html`<p class="quiet" title=${offer.disclaimer}>${offer.discountPercent > 0 ? `−${offer.discountPercent}% · ` : ""}${say("asOf", { time: time(offer.observedAt) })}</p>`}`;
}

const When = ({ at }) => html`<p title=${time(at)}>${ago(at)}</p>`;

export const COLUMNS = {
  price: { Cell: Seen, sorts: ["PRICE_ASC", "PRICE_DESC"] },
  sellAt: { Cell: Selling },
  notes: { Cell: Notes },
  tags: { Cell: Tags },
  orders: {
    Cell: ({ row: { ordersLast30Days: orders } }) => (orders === null ? "" : compact(orders)),
    sorts: ["ORDERS_DESC", "ORDERS_ASC"],
  },
  rating: { Cell: ({ row }) => rating(row.reviews) },
  commission: { Cell: ({ row: { commission } }) => (commission ? `${count(Number(commission.ratePercent))}%` : "") },
  imported: { Cell: ({ row }) => html`<${When} at=${row.importedAt} />`, sorts: ["IMPORTED_DESC", "IMPORTED_ASC"] },
  synced: { Cell: ({ row }) => html`<${When} at=${row.syncedAt} />`, sorts: ["SYNCED_DESC", "SYNCED_ASC"] },
};

// In the order of the table, whatever order they were chosen in.
export function storedColumns() {
  const chosen = stored(PLACE, USUAL);
  return Object.keys(COLUMNS).filter((name) => chosen.includes(name));
}

export function Columns({ columns, onChange }) {
  const toggle = (name) => () => {
    const now = columns.includes(name) ? columns.filter((each) => each !== name) : [...columns, name];
    store(PLACE, now);
    onChange(storedColumns());
  };
  return html`<details class="columns"><summary>${say("columns")}</summary><div class="panel">
    ${Object.keys(COLUMNS).map((name) => html`<label key=${name} class="option"><input type="checkbox" checked=${columns.includes(name)} onChange=${toggle(name)} /> <span>${say(`column.${name}`)}</span></label>`)}
  </div></details>`;
}

// The rows of the library under headings that sort.
import { html } from "../html.js";
import { choose, here } from "../address.js";
import { say } from "../texts.js";
import { COLUMNS } from "./columns.js";
import { Row } from "./row.js";

const FITTING = 5; // columns that stand side by side on a tablet; more of them are scrolled
const TITLES = ["TITLE_ASC", "TITLE_DESC"];

function Heading({ name, sorts }) {
  const words = say(`column.${name}`);
  if (!sorts) return html`<th scope="col">${words}</th>`;
  const [first, second] = sorts;
  const sort = here().values.sort ?? "IMPORTED_DESC";
  const isUp = sort.endsWith("_ASC");
  const direction = sorts.includes(sort) ? (isUp ? "ascending" : "descending") : null;
  return html`<th scope="col" aria-sort=${direction}><button type="button" class="plain" onClick=${() => choose({ sort: sort === first ? second : first })}>
    ${words}<span aria-hidden="true">${direction && (isUp ? " ↑" : " ↓")}</span></button></th>`;
}

export function Table({ rows, columns, news, isChosen, onToggle }) {
  return html`<div class=${columns.length > FITTING ? "many-columns" : ""}><table class="library" id="results" tabindex="-1">
    <thead><tr>
      <th scope="col"><span class="hidden">${say("library.chosen")}</span></th>
      <${Heading} name="product" sorts=${TITLES} />
      ${columns.map((name) => html`<${Heading} key=${name} name=${name} sorts=${COLUMNS[name].sorts} />`)}
    </tr></thead>
    <tbody>${rows.map((row) => html`<${Row} key=${row.id} row=${row} columns=${columns} news=${news[row.id]} isChosen=${isChosen(row.id)} onToggle=${() => onToggle(row.id)} />`)}</tbody>
  </table></div>`;
}

// What was found, how it was filtered and sorted, and the price that somebody plans to sell at.
import { html } from "../html.js";
import { Selling } from "./selling.js";
import { ago, filterNames, plural, time } from "../words.js";

export function Summary({ busy, found, plan, onPlan, currency }) {
  return html`<div class="summary" id="results" tabindex="-1">
    <p role="status">${busy ? "Searching ..." : found && (found.nodes.length > 0 || !found.errors.length) && html`<${Told} found=${found} />`}</p>
    <${Selling} plan=${plan} onPlan=${onPlan} currency=${currency} />
  </div>`;
}

function Told({ found }) {
  const filtered = filterNames(found.postFilters.filter((name) => name !== "sort"));
  return html`<strong>${found.totalCount === null ? plural(found.nodes.length, "product") : `${plural(found.totalCount, "product")} found`}</strong>
    ${found.cachedAt && html`<span class="quiet" title=${time(found.cachedAt)}> · from the cache, asked ${ago(found.cachedAt)}</span>`}
    ${found.sortedRows !== null && html`<span class="quiet"> · ${sorted(found)}</span>`}
    ${filtered && html`<span class="quiet"> · filtered afterwards: ${filtered}</span>`}
    ${found.unsupportedFilters.length > 0 && html`<span class="quiet"> · cannot be filtered here: ${filterNames(found.unsupportedFilters)}</span>`}`;
}

const sorted = ({ sortedRows, sortedRowsUnknown }) =>
  sortedRowsUnknown === sortedRows
    ? "in the marketplace's order, as it tells nothing to sort by"
    : `sorted among ${plural(sortedRows, "product")}${sortedRowsUnknown ? `, of which ${sortedRowsUnknown} do not tell and come last` : ""}`;

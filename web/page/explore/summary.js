// What was found, how it was filtered and sorted, and the price that somebody plans to sell at.
import { html } from "../html.js";
import { Selling } from "./selling.js";
import { say } from "../texts.js";
import { ago, filterNames, time } from "../words.js";

export function Summary({ busy, found, plan, onPlan, currency }) {
  return html`<div class="summary" id="results" tabindex="-1">
    <p role="status">${busy ? say("searching") : found && (found.nodes.length > 0 || !found.errors.length) && html`<${Told} found=${found} />`}</p>
    <${Selling} plan=${plan} onPlan=${onPlan} currency=${currency} />
  </div>`;
}

export function Told({ found }) {
  const filtered = filterNames(found.postFilters.filter((name) => name !== "sort"));
  return html`<strong>${say(found.totalCount === null ? "n.products" : "found", { n: found.totalCount ?? found.nodes.length })}</strong>
    ${found.cachedAt && html`<span class="quiet" title=${time(found.cachedAt)}> · ${say("found.cached", { time: ago(found.cachedAt) })}</span>`}
    ${found.sortedRows !== null && html`<span class="quiet"> · ${sorted(found)}</span>`}
    ${filtered && html`<span class="quiet"> · ${say("found.filtered", { names: filtered })}</span>`}
    ${found.unsupportedFilters.length > 0 && html`<span class="quiet"> · ${say("found.unfiltered", { names: filterNames(found.unsupportedFilters) })}</span>`}`;
}

const sorted = ({ sortedRows, sortedRowsUnknown }) =>
  sortedRowsUnknown === sortedRows
    ? say("found.unsorted")
    : say("found.sorted", { n: sortedRows }) + (sortedRowsUnknown ? say("found.last", { n: sortedRowsUnknown }) : "");

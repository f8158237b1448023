// One search over all connected marketplaces, side by side: each comes when it comes, and fails alone.
import { html } from "../html.js";
import { link } from "../address.js";
import { Failure, Failures, Skeletons } from "../parts.js";
import { say } from "../texts.js";
import { titleOf } from "../words.js";
import { Found } from "./found.js";
import { variablesOf } from "./question.js";
import { useSearch } from "./search.js";
import { Selling } from "./selling.js";
import { Told } from "./summary.js";

const FEW = 6; // products of a marketplace; its own search has the others

// What a column asks for.
export const questionOf = (values, card) => variablesOf({ ...values, after: undefined }, card, FEW);

export function Everywhere({ values, searchable, plan, onPlan, currency, compared }) {
  return html`<div class="summary" id="results" tabindex="-1"><${Selling} plan=${plan} onPlan=${onPlan} currency=${currency} /></div>
    <div class="everywhere">
      ${searchable.map((card) => html`<${Column} key=${card.id} card=${card} values=${values} plan=${plan} compared=${compared} />`)}
    </div>`;
}

function Column({ card, values, plan, compared }) {
  const question = questionOf(values, card);
  const { busy, found, error, again, onProduct } = useSearch(question);
  const own = { ...values, marketplace: card.code, locale: card.locale ?? "" };
  return html`<section aria-labelledby=${`found-${card.id}`}>
    <h2 id=${`found-${card.id}`}>${titleOf(card)}</h2>
    <p role="status">${busy ? say("searching") : found && !found.errors.length && html`<${Told} found=${found} />`}</p>
    ${error && html`<${Failure} error=${error} again=${again} />`}
    ${found && html`<${Failures} errors=${found.errors} again=${again} />`}
    ${busy ? html`<${Skeletons} count=${3} />` : html`<${Found} found=${error ? null : found} plan=${plan} currency=${question.search.currencyCode} compared=${compared} onProduct=${onProduct} />`}
    ${found?.pageInfo.hasNextPage && html`<p class="more"><a href=${link("explore", own)}>${say("explore.all", { name: titleOf(card) })}</a></p>`}
  </section>`;
}

// Explore: a marketplace's own search, or those of all, with what would be left of a planned selling price.
import { html } from "../html.js";
import { go, here, link } from "../address.js";
import { forgetAnswer, outdated } from "../asks.js";
import { Failure, Failures, Pager, Skeletons } from "../parts.js";
import { Compare, useCompared } from "./compare.js";
import { Everywhere, questionOf } from "./everywhere.js";
import { Form } from "./form.js";
import { Found } from "./found.js";
import { ALL, cardOf, currencyOf, isAsked, variablesOf } from "./question.js";
import { Saved } from "./saved.js";
import { useSearch } from "./search.js";
import { usePlan } from "./selling.js";
import { Summary } from "./summary.js";
import { say } from "../texts.js";

const PAGE = 24;

export function Explore({ searchable }) {
  const { values } = here();
  const card = cardOf(searchable, values);
  const isAll = card.code === ALL;
  const variables = isAll ? null : variablesOf(values, card, PAGE);
  const asked = useSearch(variables);
  const { busy, found } = asked;
  const [plan, onPlan] = usePlan();
  const compared = useCompared();
  const currency = variables?.search.currencyCode ?? currencyOf(card, values.currency);
  const shared = { plan, onPlan, currency, compared };
  const onSearch = (next) => {
    if (link("explore", next) === location.hash) return outdated("search");
    const wanted = cardOf(searchable, next);
    if (wanted.code === ALL) for (const each of searchable) forgetAnswer("search", questionOf(next, each));
    else forgetAnswer("search", variablesOf(next, wanted, PAGE));
    return go("explore", next);
  };
  return html`
    <h1>${say("screen.explore")}</h1>
    <${Form} values=${values} searchable=${searchable} found=${found?.nodes ?? []} busy=${busy} onSearch=${onSearch} />
    <${Saved} values=${values} searchable=${searchable} isAsked=${isAsked(values)} />
    ${!isAsked(values) && html`<p class="empty">${say("explore.first")}</p>`}
    ${variables && html`<${One} asked=${asked} ...${shared} />`}
    ${isAll && isAsked(values) && html`<${Everywhere} values=${values} searchable=${searchable} ...${shared} />`}
    <${Compare} compared=${compared} plan=${plan} currency=${currency} />`;
}

// Of one marketplace, page by page.
function One({ asked: { busy, found, error, again, onProduct }, plan, onPlan, currency, compared }) {
  return html`<${Summary} busy=${busy} found=${found} plan=${plan} onPlan=${onPlan} currency=${currency} />
    ${error && html`<${Failure} error=${error} again=${again} />`}
    ${found && html`<${Failures} errors=${found.errors} again=${again} />`}
    ${busy ? html`<${Skeletons} count=${8} />` : html`<${Found} found=${error ? null : found} plan=${plan} currency=${currency} compared=${compared} onProduct=${onProduct} />`}
    ${found && html`<${Pager} info=${found.pageInfo} />`}`;
}

// Explore: a marketplace's own search, with what would be left of a planned selling price.
import { html } from "../html.js";
import { go, here, link } from "../address.js";
import { forgetAnswer, useQuery } from "../asks.js";
import { Failure, Failures, Pager, Skeletons } from "../parts.js";
import { Card } from "./card.js";
import { Compare, useCompared } from "./compare.js";
import { Form } from "./form.js";
import { cardOf, variablesOf } from "./question.js";
import { Saved } from "./saved.js";
import { usePlan } from "./selling.js";
import { Summary } from "./summary.js";
import { say } from "../texts.js";

const PAGE = 24;

export function Explore({ searchable }) {
  const { values } = here();
  const card = cardOf(searchable, values);
  const variables = variablesOf(values, card, PAGE);
  const { busy, value, error, again, change } = useQuery("search", variables, { isKept: true });
  const found = busy ? null : value?.searchProducts;
  const [plan, onPlan] = usePlan();
  const compared = useCompared();
  const onSearch = (next) => {
    if (link("explore", next) === location.hash) return again();
    forgetAnswer("search", variablesOf(next, cardOf(searchable, next), PAGE));
    return go("explore", next);
  };
  const onProduct = (product) => change((now) => {
    const nodes = now.searchProducts.nodes.map((each) => (each.id === product.id ? { ...each, ...product } : each));
    return { searchProducts: { ...now.searchProducts, nodes } };
  });
  return html`
    <h1>${say("screen.explore")}</h1>
    <${Form} values=${values} searchable=${searchable} categories=${categoriesOf(found)} busy=${busy} onSearch=${onSearch} />
    <${Saved} values=${values} searchable=${searchable} isAsked=${Boolean(variables)} />
    ${variables && html`<${Summary} busy=${busy} found=${found} plan=${plan} onPlan=${onPlan} currency=${variables.search.currencyCode} />`}
    ${error && html`<${Failure} error=${error} again=${again} />`}
    ${found && html`<${Failures} errors=${found.errors} again=${again} />`}
    ${busy ? html`<${Skeletons} count=${8} />` : html`<${Found} isAsked=${variables} found=${error ? null : found} plan=${plan} currency=${variables?.search.currencyCode} compared=${compared} onProduct=${onProduct} />`}
    ${found && html`<${Pager} info=${found.pageInfo} />`}
    <${Compare} compared=${compared} plan=${plan} currency=${variables?.search.currencyCode ?? "USD"} />`;
}

function Found({ isAsked, found, ...shared }) {
  if (!isAsked) return html`<p class="empty">${say("explore.first")}</p>`;
  if (!found || found.errors.length) return null;
  if (!found.nodes.length) {
    return html`<p class="empty">${say("explore.nothing")} ${found.pageInfo.hasNextPage && say("explore.more")}</p>`;
  }
  return html`<ul class="grid">
    ${found.nodes.map((product) => html`<${Card} key=${product.id} product=${product} ...${shared} />`)}
  </ul>`;
}

// Categories of what was found, id and name: marketplaces have no list of theirs to offer.
const categoriesOf = (found) =>
  [...new Map((found?.nodes ?? []).flatMap((product) => product.categories).map(({ externalId, name }) => [externalId, name]))].filter(([id]) => id);

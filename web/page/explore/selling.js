// The price that somebody plans to sell at: one, or a rule that makes one of each product's.
import { html, useState } from "../html.js";
import { kept } from "../kept.js";
import { amountOf, typed } from "../money.js";
import { store, stored } from "../stored.js";
import { say } from "../texts.js";

const PLACE = "markup"; // where the rule is kept for the next day
const RULE = { times: "2.5", fee: "", ending: "99" };
const ENDINGS = [
  ["", say("ending.any")],
  ["99", say("ending.99")],
  ["95", say("ending.95")],
  ["90", say("ending.90")],
  ["00", say("ending.whole")],
];

// The plan: { way: "price" or "rule", price, times, fee, ending }, and how it is changed.
export function usePlan() {
  const [plan, setPlan] = useState(kept.plan ?? { way: "price", price: "", ...RULE, ...stored(PLACE, {}) });
  kept.plan = plan;
  const change = (news) => {
    const next = { ...plan, ...news };
    const { times, fee, ending } = next;
    setPlan(next);
    store(PLACE, { times, fee, ending });
  };
  return [plan, change];
}

export const Selling = ({ plan, onPlan, currency }) => html`<div class="selling">
    <select aria-label=${say("plan.how")} value=${plan.way} onChange=${(event) => onPlan({ way: event.target.value })}>
      <option value="price">${say("plan.one")}</option><option value="rule">${say("plan.rule")}</option></select>
    <${Plan} plan=${plan} onPlan=${onPlan} currency=${currency} />
  </div>`;

const textsOf = (plan) => (plan.way === "rule" ? [plan.times, plan.fee] : [plan.price]);

// Whether a price can be made by it.
export const isMeant = (plan) => Boolean(textsOf(plan)[0].trim()) && !textsOf(plan).some((text) => amountOf(text).problem);

export function Plan({ plan, onPlan, currency = "" }) {
  const problem = textsOf(plan)
    .map((text) => amountOf(text).problem)
    .find(Boolean);
  const set = (name) => (event) => onPlan({ [name]: event.target.value });
  return html`${
    plan.way === "rule"
      ? html`
      <label>${say("plan.times")} <input inputmode="decimal" value=${plan.times} onInput=${set("times")} /></label>
      <label>${say("plan.fee")} <input inputmode="decimal" placeholder="0" value=${plan.fee} onInput=${set("fee")} /></label>
      <select aria-label=${say("plan.end")} value=${plan.ending} onChange=${set("ending")}>${ENDINGS.map(([code, words]) => html`<option key=${code} value=${code}>${words}</option>`)}</select>`
      : html`<label>${say("sellAt")} <input inputmode="decimal" placeholder=${typed("49.99")} value=${plan.price} aria-invalid=${Boolean(problem)} onInput=${set("price")} /> ${currency}</label>`
  }
    ${problem && html`<p class="problem" role="alert">${problem}</p>`}`;
}

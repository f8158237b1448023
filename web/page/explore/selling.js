// The price that somebody plans to sell at: one, or a rule that makes one of each product's.
import { html, useState } from "../html.js";
import { kept } from "../kept.js";
import { amountOf } from "../money.js";
import { store, stored } from "../stored.js";
import { say } from "../texts.js";

const PLACE = "markup"; // where the rule is kept for the next day
const RULE = { times: "2.5", fee: "", ending: "99" };
const ENDINGS = [["", say("ending.any")], ["99", say("ending.99")], ["95", say("ending.95")], ["90", say("ending.90")], ["00", say("ending.whole")]];

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

export function Selling({ plan, onPlan, currency }) {
  const fields = plan.way === "rule" ? [plan.times, plan.fee] : [plan.price];
  const problem = fields.map((text) => amountOf(text).problem).find(Boolean);
  const set = (name) => (event) => onPlan({ [name]: event.target.value });
  return html`<div class="selling">
    <select aria-label=${say("plan.how")} value=${plan.way} onChange=${set("way")}>
      <option value="price">${say("plan.one")}</option><option value="rule">${say("plan.rule")}</option></select>
    ${plan.way === "rule" ? html`
      <label>${say("plan.times")} <input inputmode="decimal" value=${plan.times} onInput=${set("times")} /></label>
      <label>${say("plan.fee")} <input inputmode="decimal" placeholder="0" value=${plan.fee} onInput=${set("fee")} /></label>
      <select aria-label=${say("plan.end")} value=${plan.ending} onChange=${set("ending")}>${ENDINGS.map(([code, words]) => html`<option key=${code} value=${code}>${words}</option>`)}</select>`
      : html`<label>${say("sellAt")} <input inputmode="decimal" placeholder="49.99" value=${plan.price} aria-invalid=${Boolean(problem)} onInput=${set("price")} /> ${currency}</label>`}
    ${problem && html`<p class="problem" role="alert">${problem}</p>`}
  </div>`;
}

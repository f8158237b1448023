// The selling price by a rule: cost times a factor, and a fee, up to the next ending.
import { amountOf, exact, inDigitsOf, SCALE, text } from "../money.js";

const WHOLE = 10n ** SCALE;

// `rule`: { times, fee, ending } as typed; `ending` "99" for prices that end in .99, "" for any. Null where the
// rule cannot be meant or the currency has other parts than hundredths.
export function markup(price, { times, fee, ending }) {
  const [factor, extra] = [amountOf(times), amountOf(fee)];
  if (factor.problem || !factor.amount || extra.problem) return null;
  const cost = (exact(price.amount) * exact(factor.amount) + WHOLE / 2n) / WHOLE + exact(extra.amount || "0");
  const found = ending ? upTo(cost, exact(`0.${ending}`)) : inDigitsOf(price.currencyCode, cost);
  const amount = text(ending ? inDigitsOf(price.currencyCode, found) : found, SCALE);
  return { amount, currencyCode: price.currencyCode };
}

function upTo(cost, part) {
  const found = (cost / WHOLE) * WHOLE + part;
  return found < cost ? found + WHOLE : found;
}

// What a product would be sold at, by a plan (see selling.js); null where none is meant.
export function sellingPrice(plan, offer, currencyCode) {
  if (plan.way === "rule") return offer ? markup(offer.price, plan) : null;
  const { amount } = amountOf(plan.price);
  return amount ? { amount, currencyCode } : null;
}

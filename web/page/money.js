// Money: shown by the browser's own rules, and the one sum that this page does itself, exactly.
import { LANGUAGE } from "./language.js";
import { say } from "./texts.js";

const SIGNS = new Intl.NumberFormat(LANGUAGE).formatToParts(123456.5);
const sign = (type) => SIGNS.find((part) => part.type === type)?.value ?? ",";
const POINT = sign("decimal");
const GROUP = sign("group");
export const SCALE = 8n; // digits behind the point that are kept; the server takes at most four

// "19.90", "USD" -> "$19.90". The text is passed on as it is: it never becomes a float.
export const shown = (money) =>
  money ? new Intl.NumberFormat(LANGUAGE, { style: "currency", currency: money.currencyCode }).format(money.amount) : "";

const AMOUNT = `(\\${POINT}\\d{1,4})?$`;
const PLAIN = new RegExp(`^\\d{1,15}${AMOUNT}`);
const GROUPED = new RegExp(`^\\d{1,3}(\\${GROUP}\\d{3})+${AMOUNT}`);
const WITH_POINT = /^\d{1,15}\.(\d{1,2}|\d{4})$/; // three digits behind it would be thousands
const EXAMPLE = new Intl.NumberFormat(LANGUAGE, { minimumFractionDigits: 2 }).format(1234.5);

// What somebody typed, read as in the person's own language: { amount } as the server takes it (""
// for nothing), or { problem } in words where it cannot be meant.
export function amountOf(text) {
  const typed = text.replace(/[\s'’]/g, "");
  if (!typed) return { amount: "" };
  if (GROUPED.test(typed)) return { amount: typed.replaceAll(GROUP, "").replace(POINT, ".") };
  if (PLAIN.test(typed)) return { amount: typed.replace(POINT, ".") };
  if (WITH_POINT.test(typed)) return { amount: typed };
  return { problem: say("amount.problem", { text: text.trim(), example: EXAMPLE }) };
}

// An amount as it is typed: "12.50" -> "12,50" in German.
export const typed = (amount) => (amount ?? "").replace(".", POINT);

// Why there is no margin at a selling price, in words; null where there is one.
export function whyNoMargin(sellingPrice, offer) {
  if (!offer) return say("margin.unknown");
  if (sellingPrice.currencyCode !== offer.price.currencyCode) {
    return say("margin.currency", { yours: sellingPrice.currencyCode, theirs: offer.price.currencyCode });
  }
  const cost = offer.shipping?.cost;
  if (cost && cost.currencyCode !== sellingPrice.currencyCode) {
    return say("margin.shipping", { currency: cost.currencyCode });
  }
  return exact(sellingPrice.amount) <= 0n ? say("margin.zero") : null;
}

// What is left of a selling price, by the server's rule: profit = selling price - price - shipping,
// rounded to the digits of the currency; percent = profit / selling price, two decimals; half away
// from zero. Null where currencies differ or the selling price is not above zero.
export function margin(sellingPrice, price, shippingCost) {
  const parts = [price, shippingCost].filter(Boolean);
  if (parts.some((part) => part.currencyCode !== sellingPrice.currencyCode)) return null;
  const selling = exact(sellingPrice.amount);
  if (selling <= 0n) return null;
  const profit = parts.reduce((left, part) => left - exact(part.amount), selling);
  return {
    profit: {
      amount: text(inDigitsOf(sellingPrice.currencyCode, profit), SCALE),
      currencyCode: sellingPrice.currencyCode,
    },
    percent: text(rounded(profit * 10_000n, selling), 2n, 2),
  };
}

// Rounded to the digits of the currency.
export function inDigitsOf(currency, value) {
  const format = new Intl.NumberFormat("en", { style: "currency", currency });
  const unit = 10n ** (SCALE - BigInt(format.resolvedOptions().maximumFractionDigits));
  return rounded(value, unit) * unit;
}

// An amount as a whole number of the smallest parts that are kept.
export function exact(amount) {
  const [, sign, whole, part = ""] = /^(-?)(\d+)(?:\.(\d+))?$/.exec(amount);
  const value = BigInt(whole + part.slice(0, Number(SCALE)).padEnd(Number(SCALE), "0"));
  return sign ? -value : value;
}

function rounded(over, under) {
  const size = over < 0n ? -over : over;
  const whole = (size * 2n + under) / (under * 2n);
  return over < 0n ? -whole : whole;
}

// Such a whole number as an amount.
export function text(value, digits, least = 0) {
  const size = (value < 0n ? -value : value).toString().padStart(Number(digits) + 1, "0");
  const whole = size.slice(0, -Number(digits));
  const part = size.slice(-Number(digits)).replace(/0+$/, "").padEnd(least, "0");
  return `${value < 0n ? "-" : ""}${whole}${part ? `.${part}` : ""}`;
}

// Money: shown by the browser's own rules, and the one sum that this page does itself, exactly.
const SCALE = 8n; // digits behind the point that are kept; the server takes at most four

// "19.90", "USD" -> "$19.90". The text is passed on as it is: it never becomes a float.
export const shown = (money) =>
  money
    ? new Intl.NumberFormat("en", { style: "currency", currency: money.currencyCode }).format(
        money.amount,
      )
    : "";

// As the server takes it; also the pattern of a field.
export const AMOUNT = "[0-9]{1,15}([.][0-9]{1,4})?";
export const isAmount = (text) => new RegExp(`^${AMOUNT}$`).test(text.trim());

// What is left of a selling price, by the server's rule: profit = selling price - price - shipping,
// rounded to the digits of the currency; percent = profit / selling price, two decimals; half away
// from zero. Null where currencies differ or the selling price is not above zero.
export function margin(sellingPrice, price, shippingCost) {
  const parts = [price, shippingCost].filter(Boolean);
  if (parts.some((part) => part.currencyCode !== sellingPrice.currencyCode)) return null;
  const selling = units(sellingPrice.amount);
  if (selling <= 0n) return null;
  const profit = parts.reduce((left, part) => left - units(part.amount), selling);
  return {
    profit: {
      amount: text(inDigitsOf(sellingPrice.currencyCode, profit), SCALE),
      currencyCode: sellingPrice.currencyCode,
    },
    percent: text(rounded(profit * 10_000n, selling), 2n, 2),
  };
}

function inDigitsOf(currency, value) {
  const format = new Intl.NumberFormat("en", { style: "currency", currency });
  const unit = 10n ** (SCALE - BigInt(format.resolvedOptions().maximumFractionDigits));
  return rounded(value, unit) * unit;
}

function units(amount) {
  const [, sign, whole, part = ""] = /^(-?)(\d+)(?:\.(\d+))?$/.exec(amount);
  const value = BigInt(whole + part.slice(0, Number(SCALE)).padEnd(Number(SCALE), "0"));
  return sign ? -value : value;
}

function rounded(over, under) {
  const size = over < 0n ? -over : over;
  const whole = (size * 2n + under) / (under * 2n);
  return over < 0n ? -whole : whole;
}

function text(value, digits, least = 0) {
  const size = (value < 0n ? -value : value).toString().padStart(Number(digits) + 1, "0");
  const whole = size.slice(0, -Number(digits));
  const part = size.slice(-Number(digits)).replace(/0+$/, "").padEnd(least, "0");
  return `${value < 0n ? "-" : ""}${whole}${part ? `.${part}` : ""}`;
}

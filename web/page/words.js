// How counts, times and codes are said.
import { LANGUAGE } from "./money.js";

const SECONDS = [
  ["day", 86_400],
  ["hour", 3_600],
  ["minute", 60],
];
const relative = new Intl.RelativeTimeFormat("en", { numeric: "auto" });
const clock = new Intl.DateTimeFormat("en", { month: "short", day: "numeric", hour: "numeric", minute: "2-digit" });

export const count = (number) => new Intl.NumberFormat(LANGUAGE).format(number);

// 1234 -> "1.2K", as shops write it; under a thousand as it is.
export const compact = (number) =>
  number < 1000
    ? String(number)
    : new Intl.NumberFormat(LANGUAGE, { notation: "compact", maximumFractionDigits: 1 }).format(number);

// "Nov 21, 8:27 AM"; of another year with that year.
export function time(iso) {
  const moment = new Date(iso);
  const year = moment.getFullYear();
  return clock.format(moment) + (year === new Date().getFullYear() ? "" : `, ${year}`);
}

export function ago(iso) {
  const seconds = (new Date(iso) - Date.now()) / 1000;
  const [unit, size] = SECONDS.find(([, each]) => Math.abs(seconds) >= each) ?? [];
  return unit ? relative.format(Math.round(seconds / size), unit) : "just now";
}

// "ordersLast30Days" or "QUOTA_EXHAUSTED" -> "orders last 30 days", "quota exhausted"
export const plain = (name) =>
  name
    .replace(/([a-z])([A-Z0-9])/g, "$1 $2")
    .replace(/([0-9])([A-Z])/g, "$1 $2")
    .replaceAll("_", " ")
    .toLowerCase();

export const capital = (text) => text.charAt(0).toUpperCase() + text.slice(1);

export const plural = (number, one, many = `${one}s`) =>
  `${count(number)} ${number === 1 ? one : many}`;

// "Shop · shop.de": a marketplace, and which of its country sites.
export const titleOf = ({ name, locale }) => (locale ? `${name} · ${locale.replace("www.", "")}` : name);

export function shipping(offer) {
  const { minDays, maxDays } = offer?.shipping ?? {};
  const days = minDays && maxDays && minDays !== maxDays ? `${minDays}-${maxDays}` : maxDays ?? minDays;
  return days ? `Ships in about ${days} days` : "";
}

export function rating(reviews) {
  if (!reviews) return "";
  const of = reviews.count ? ` (${compact(reviews.count)})` : "";
  if (reviews.averageRating) return `★ ${Number(reviews.averageRating).toFixed(1)}${of}`;
  return reviews.positivePercent ? `${Number(reviews.positivePercent)}% positive${of}` : "";
}

const FIELDS = {
  price: "price",
  listPrice: "price before",
  ordersLast30Days: "orders",
  discountPercent: "discount",
};
export const changes = (names) => names.map((name) => FIELDS[name] ?? plain(name)).join(", ");

const FILTERS = {
  categoryId: "category",
  minPrice: "price",
  maxPrice: "price",
  shipToCountry: "country",
  maxDeliveryDays: "delivery time",
  minOrders: "orders",
  minPositivePercent: "positive feedback",
  minDiscountPercent: "discount",
  freeShippingOnly: "free shipping",
};
export const filterNames = (names) => names.map((name) => FILTERS[name] ?? plain(name)).join(", ");

// The server speaks to programs; people are shown the words of this page.
const WORDS = [
  [/ (in|with) connectMarketplace\b/g, " on the Marketplaces screen"],
  [/\bat (retryAt|nextTryAt)\b/g, "at the time shown"],
  [/\buntil nextTryAt\b/g, "until the time shown"],
  [/\bminPrice\b/g, "“Price from”"],
  [/\bmaxPrice\b/g, "“Price to”"],
  [/\bcurrencyCode\b/g, "currency"],
  [/\bshipToCountry\b/g, "“Ship to”"],
  [/\bminOrders\b/g, "“Orders from”"],
  [/\ba categoryId\b/g, "a category"],
  [/\bgive keywords\b/g, "give words"],
];
export function said(error) {
  if (error.code === "FORBIDDEN") return "The key that you signed in with may not do this. Sign in with one that may.";
  return WORDS.reduce((text, [name, word]) => text.replace(name, word), error.message);
}

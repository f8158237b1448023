// How counts, times and codes are said.
import { DATES, LANGUAGE } from "./language.js";
import { knows, say } from "./texts.js";

/** @type {[Intl.RelativeTimeFormatUnit, number][]} */
const SECONDS = [
  ["day", 86_400],
  ["hour", 3_600],
  ["minute", 60],
];
const stars = new Intl.NumberFormat(LANGUAGE, { minimumFractionDigits: 1, maximumFractionDigits: 1 });
const relative = new Intl.RelativeTimeFormat(DATES, { numeric: "auto" });
/** @type {Intl.DateTimeFormatOptions} */
const CLOCK = { month: "short", day: "numeric", hour: "numeric", minute: "2-digit" };
const clock = new Intl.DateTimeFormat(DATES, CLOCK);
const dated = new Intl.DateTimeFormat(DATES, { ...CLOCK, year: "numeric" });

export const count = (number) => new Intl.NumberFormat(LANGUAGE).format(number);

// 1234 -> "1.2K", as shops write it; under a thousand as it is.
export const compact = (number) =>
  number < 1000 ? String(number) : new Intl.NumberFormat(LANGUAGE, { notation: "compact", maximumFractionDigits: 1 }).format(number);

// "Nov 21, 8:27 AM"; of another year with that year.
export function time(iso) {
  const moment = new Date(iso);
  return (moment.getFullYear() === new Date().getFullYear() ? clock : dated).format(moment);
}

export function ago(iso) {
  const seconds = (Date.parse(iso) - Date.now()) / 1000;
  const [unit, size] = SECONDS.find(([, each]) => Math.abs(seconds) >= each) ?? ["second", 0];
  return size ? relative.format(Math.round(seconds / size), unit) : say("now");
}

// "ordersLast30Days" or "QUOTA_EXHAUSTED" -> "orders last 30 days", "quota exhausted"
export const plain = (name) =>
  name
    .replace(/([a-z])([A-Z0-9])/g, "$1 $2")
    .replace(/([0-9])([A-Z])/g, "$1 $2")
    .replaceAll("_", " ")
    .toLowerCase();

export const capital = (text) => text.charAt(0).toUpperCase() + text.slice(1);

/**
 * "Shop · shop.de": a marketplace, and which of its country sites.
 * @param {any} card
 */
export const titleOf = ({ name, locale }) => (locale ? `${name} · ${locale.replace("www.", "")}` : name);

export function shipping(offer) {
  const { minDays, maxDays } = offer?.shipping ?? {};
  const days = minDays && maxDays && minDays !== maxDays ? `${minDays}-${maxDays}` : (maxDays ?? minDays);
  return days ? say("ships", { days: String(days) }) : "";
}

export function rating(reviews) {
  if (!reviews) return "";
  const of = reviews.count ? ` (${compact(reviews.count)})` : "";
  if (reviews.averageRating) return `★ ${stars.format(reviews.averageRating)}${of}`;
  return reviews.positivePercent ? say("positive", { percent: count(Number(reviews.positivePercent)) }) + of : "";
}

// The word of a value of the graph; one that is new is told as it is.
export const named = (group, code) => (knows(`${group}.${code}`) ? say(`${group}.${code}`) : capital(plain(code)));
const field = (name) => (knows(`field.${name}`) ? say(`field.${name}`) : plain(name));
export const changes = (names) => names.map(field).join(", ");
export const filterNames = (names) => names.map(field).join(", ");

const quoted = (key) => say("quoted", { text: say(key) });

// The server speaks to programs; people are shown the words of this page.
const WORDS = [
  [/ (in|with) connectMarketplace\b/g, " on the Marketplaces screen"],
  [/\bat (retryAt|nextTryAt)\b/g, "at the time shown"],
  [/\buntil nextTryAt\b/g, "until the time shown"],
  [/\bminPrice\b/g, quoted("form.from")],
  [/\bmaxPrice\b/g, quoted("form.to")],
  [/\bcurrencyCode\b/g, "currency"],
  [/\bshipToCountry\b/g, quoted("form.ship")],
  [/\bminOrders\b/g, quoted("form.orders")],
  [/\ba categoryId\b/g, "a category"],
  [/\bgive keywords\b/g, "give words"],
];
export function said(error) {
  if (error.code === "FORBIDDEN") return say("error.forbidden");
  return WORDS.reduce((text, [name, word]) => text.replace(name, word), error.message);
}

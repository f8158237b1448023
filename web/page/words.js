// How counts, times and codes are said.
const SECONDS = [
  ["day", 86_400],
  ["hour", 3_600],
  ["minute", 60],
];
const relative = new Intl.RelativeTimeFormat("en", { numeric: "auto" });
const clock = new Intl.DateTimeFormat("en", { month: "short", day: "numeric", hour: "numeric", minute: "2-digit" });

export const count = (number) => new Intl.NumberFormat("en").format(number);

// 1234 -> "1.2K", as shops write it; under a thousand as it is.
export const compact = (number) =>
  number < 1000
    ? String(number)
    : new Intl.NumberFormat("en", { notation: "compact", maximumFractionDigits: 1 }).format(number);

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

// What needs attention, each with the place where it is mended.
import { link } from "../address.js";
import { capital, count, plain, plural, said, time, titleOf } from "../words.js";

const NEARLY = 0.8; // of a day's calls

export function attentionOf(cards, numbers) {
  return [...cards.filter((card) => card.status === "CONNECTED").flatMap(ofCard), ...ofCatalogue(numbers)];
}

function ofCard(card) {
  const { health, quota } = card;
  const place = { href: link("marketplaces"), action: "Open Marketplaces" };
  const found = [];
  if (!["HEALTHY", "UNVERIFIED"].includes(health.state)) {
    found.push({ ...place, tone: "bad", title: `${titleOf(card)}: ${plain(health.state)}`, text: said({ message: health.cure ?? "" }) });
  }
  for (const warning of health.warnings) {
    found.push({ ...place, tone: "warn", title: titleOf(card), text: said({ message: warning }) });
  }
  if (quota.limitPerDay && quota.usedToday >= quota.limitPerDay * NEARLY) {
    found.push({ ...place, tone: "warn", title: `${titleOf(card)}: ${count(quota.usedToday)} of ${count(quota.limitPerDay)} calls of today are used`, text: `Counted anew ${time(quota.resetsAt)}.` });
  }
  return found;
}

function ofCatalogue({ deadLinks, gone, unavailable, stale }) {
  const see = (values) => ({ href: link("library", values), action: "Show them" });
  const found = [];
  if (deadLinks) {
    found.push({ ...see({ state: "GONE", links: "true" }), tone: "bad", title: capital(`${plural(deadLinks, "product")} with links ${deadLinks === 1 ? "is" : "are"} gone`), text: "Readers who follow them find nothing. Put another product in their place." });
  }
  if (gone > deadLinks) {
    found.push({ ...see({ state: "GONE" }), tone: "warn", title: `${plural(gone, "product")} gone`, text: "The marketplace does not show them any more." });
  }
  if (unavailable) {
    found.push({ ...see({ state: "UNAVAILABLE" }), tone: "warn", title: `${plural(unavailable, "product")} missing from the last answer`, text: "Sync them to see whether they are back." });
  }
  if (stale) {
    found.push({ ...see({ age: "7", sort: "SYNCED_ASC" }), tone: "warn", title: `${plural(stale, "product")} not synced for a week`, text: "Prices and stock may be others by now." });
  }
  return found;
}

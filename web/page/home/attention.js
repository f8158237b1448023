// What needs attention, each with the place where it is mended.
import { link } from "../address.js";
import { say } from "../texts.js";
import { named, said, time, titleOf } from "../words.js";

const NEARLY = 0.8; // of a day's calls

export function attentionOf(cards, numbers) {
  return [...cards.filter((card) => card.status === "CONNECTED").flatMap(ofCard), ...ofCatalogue(numbers)];
}

function ofCard(card) {
  const { health, quota } = card;
  const place = { href: link("marketplaces"), action: say("home.open") };
  const found = [];
  if (!["HEALTHY", "UNVERIFIED"].includes(health.state)) {
    found.push({
      ...place,
      tone: "bad",
      title: `${titleOf(card)}: ${named("health", health.state)}`,
      text: said({ message: health.cure ?? "" }),
    });
  }
  for (const warning of health.warnings) {
    found.push({ ...place, tone: "warn", title: titleOf(card), text: said({ message: warning }) });
  }
  if (quota.limitPerDay && quota.usedToday >= quota.limitPerDay * NEARLY) {
    found.push({
      ...place,
      tone: "warn",
      title: say("home.calls", { name: titleOf(card), used: quota.usedToday, most: quota.limitPerDay }),
      text: say("home.anew", { time: time(quota.resetsAt) }),
    });
  }
  return found;
}

function ofCatalogue({ deadLinks, gone, unavailable, stale }) {
  const see = (values) => ({ href: link("library", values), action: say("home.show") });
  const found = [];
  if (deadLinks) {
    found.push({
      ...see({ state: "GONE", links: "true" }),
      tone: "bad",
      title: say("home.dead", { n: deadLinks }),
      text: say("home.dead.text"),
    });
  }
  if (gone > deadLinks) {
    found.push({ ...see({ state: "GONE" }), tone: "warn", title: say("home.gone", { n: gone }), text: say("home.gone.text") });
  }
  if (unavailable) {
    found.push({
      ...see({ state: "UNAVAILABLE" }),
      tone: "warn",
      title: say("home.missing", { n: unavailable }),
      text: say("home.missing.text"),
    });
  }
  if (stale) {
    found.push({
      ...see({ age: "7", sort: "SYNCED_ASC" }),
      tone: "warn",
      title: say("home.stale", { n: stale }),
      text: say("home.stale.text"),
    });
  }
  return found;
}

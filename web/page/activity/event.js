// An event in words, with the place where one looks at it.
import { html } from "../html.js";
import { link } from "../address.js";
import { shown } from "../money.js";
import { knows, say } from "../texts.js";
import { capital, named, plain, time, titleOf } from "../words.js";

const GOOD = ["PRODUCT_PRICE_DROPPED", "PRODUCT_BACK_IN_STOCK", "PRODUCT_RETURNED", "LINK_MENDED", "CREDENTIALS_RESTORED"];
const BAD = ["PRODUCT_GONE", "LINK_BROKEN", "CREDENTIALS_REJECTED", "MARKETPLACE_NOT_ELIGIBLE", "WEBHOOK_DISABLED"];
// What an event's words name beside its type.
const FACTS = {
  PRODUCT_PRICE_DROPPED: ({ previousPrice, price }) => ({ before: shown(previousPrice), now: shown(price) }),
  PRODUCT_PRICE_ROSE: ({ previousPrice, price }) => ({ before: shown(previousPrice), now: shown(price) }),
  CREDENTIALS_REJECTED: ({ upstreamCode: code }) => ({ code: code ? ` (${code})` : "" }),
  WATCH_FIRED: ({ previousPrice, price }) => ({
    now: price ? `: ${shown(price)}` : "",
    before: previousPrice ? ` (${say("price.before")} ${shown(previousPrice)})` : "",
  }),
  QUOTA_LOW: ({ callsPerDay }) => ({ most: callsPerDay ?? "?" }),
};

function wordsOf(event) {
  const key = `event.${event.type}`;
  if (event.type === "JOB_FINISHED" && event.job) return endOf(event.job);
  return knows(key) ? say(key, FACTS[event.type]?.(event)) : capital(plain(event.type));
}

export const jobName = ({ kind }) => named("jobkind", kind);

function endOf(job) {
  const { done, failed, total } = job.progress;
  const how = knows(`end.${job.status}`) ? say(`end.${job.status}`) : say("end.other");
  return say("end", { job: jobName(job), how, done: done - failed, n: total }) + (failed ? say("end.failed", { n: failed }) : "");
}

function subjectOf({ product, marketplace, job }) {
  if (product) return html`<a href=${link("product", { id: product.id })}>${product.title}</a>`;
  if (job !== null || !marketplace) return null;
  return html`<a href=${link("marketplaces")}>${titleOf(marketplace)}</a>`;
}

export function Event({ event }) {
  const { type } = event;
  const tone = GOOD.includes(type) ? "good" : BAD.includes(type) ? "bad" : "";
  const isOfDeleted = !event.product && /^(PRODUCT|LINK)_/.test(type);
  return html`<li class=${tone}>
    <p class="grow"><strong>${wordsOf(event)}</strong>
      <span class="subject">${isOfDeleted ? html`<span class="quiet">${say("event.deleted")}</span>` : subjectOf(event)}</span></p>
    <time class="quiet" datetime=${event.occurredAt}>${time(event.occurredAt)}</time>
  </li>`;
}

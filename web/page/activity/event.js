// An event in words, with the place where one looks at it.
import { html } from "../html.js";
import { link } from "../address.js";
import { shown } from "../money.js";
import { capital, count, plain, plural, time, titleOf } from "../words.js";

const GOOD = ["PRODUCT_PRICE_DROPPED", "PRODUCT_BACK_IN_STOCK", "PRODUCT_RETURNED", "LINK_MENDED", "CREDENTIALS_RESTORED"];
const BAD = ["PRODUCT_GONE", "LINK_BROKEN", "CREDENTIALS_REJECTED", "MARKETPLACE_NOT_ELIGIBLE"];
const WORDS = {
  PRODUCT_PRICE_DROPPED: ({ previousPrice, price }) => `Price dropped from ${shown(previousPrice)} to ${shown(price)}`,
  PRODUCT_PRICE_ROSE: ({ previousPrice, price }) => `Price rose from ${shown(previousPrice)} to ${shown(price)}`,
  PRODUCT_BACK_IN_STOCK: () => "Can be bought again",
  PRODUCT_OUT_OF_STOCK: () => "Out of stock",
  PRODUCT_GONE: () => "Gone from the marketplace",
  PRODUCT_RETURNED: () => "Back at the marketplace",
  LINK_BROKEN: () => "A link leads to a product that is gone",
  LINK_MENDED: () => "A link leads to its product again",
  CREDENTIALS_REJECTED: ({ upstreamCode: code }) => `Keys are refused${code ? ` (${code})` : ""}`,
  CREDENTIALS_RESTORED: () => "Keys work again",
  MARKETPLACE_NOT_ELIGIBLE: () => "The account may not ask any more",
  QUOTA_LOW: ({ callsPerDay: most }) => `80% of ${most ? count(most) : "the"} calls of the day are used`,
  JOB_FINISHED: ({ job }) => (job ? endOf(job) : "A job has ended"),
};
const JOBS = { IMPORT: "Import", SYNC: "Sync", LINKS: "Making of links" };

export const jobName = ({ kind }) => JOBS[kind] ?? capital(plain(kind));

function endOf(job) {
  const { done, failed, total } = job.progress;
  const how = { SUCCEEDED: "is done", FAILED: "failed", CANCELLED: "was cancelled" }[job.status] ?? "goes on again";
  return `${jobName(job)} ${how}: ${count(done - failed)} of ${plural(total, "product")}${failed ? `, ${count(failed)} could not be` : ""}`;
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
    <p class="grow"><strong>${WORDS[type]?.(event) ?? capital(plain(type))}</strong>
      <span class="subject">${isOfDeleted ? html`<span class="quiet">A product that was deleted since</span>` : subjectOf(event)}</span></p>
    <time class="quiet" datetime=${event.occurredAt}>${time(event.occurredAt)}</time>
  </li>`;
}

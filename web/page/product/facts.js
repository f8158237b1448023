// What is known of a product, in pairs of a word and its value.
import { html } from "../html.js";
import { shown } from "../money.js";
import { say } from "../texts.js";
import { ago, compact, count, named, rating, shipping, time } from "../words.js";

export function Facts({ product }) {
  const { commission, deal, details, seller } = product;
  const coupon = details?.coupon;
  const until = (each) => (each.endsAt ? say("until", { time: time(each.endsAt) }) : "");
  const facts = [
    [say("row.availability"), product.availability === "UNKNOWN" ? "" : named("availability", product.availability)],
    [say("row.condition"), details?.condition && named("condition", details.condition)],
    [say("row.deal"), deal && [deal.badge, shown(deal.price)].filter(Boolean).join(" ") + until(deal)],
    [say("row.coupon"), coupon && [coupon.code, coupon.description].filter(Boolean).join(" ") + until(coupon)],
    [say("row.delivery"), shipping(product.offer)],
    [say("row.rating"), rating(product.reviews)],
    [say("row.ordered"), product.ordersLast30Days === null ? "" : say("inDays", { number: compact(product.ordersLast30Days) })],
    [
      say("row.commission"),
      commission && `${count(Number(commission.ratePercent))}%${commission.amount ? `, ${shown(commission.amount)}` : ""}`,
    ],
    [say("row.brand"), product.brand],
    [say("row.seller"), seller?.name],
    [say("row.category"), product.categories.map((each) => each.name).join(" › ")],
    [say("row.imported"), product.importedAt && time(product.importedAt)],
    [say("row.synced"), product.syncedAt && ago(product.syncedAt)],
  ].filter(([, value]) => value);
  return html`<dl class="facts">${facts.map(([name, value]) => html`<dt>${name}</dt><dd>${value}</dd>`)}</dl>`;
}

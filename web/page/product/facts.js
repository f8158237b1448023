// What is known of a product, in pairs of a word and its value.
import { html } from "../html.js";
import { shown } from "../money.js";
import { ago, capital, compact, plain, rating, shipping, time } from "../words.js";

export function Facts({ product }) {
  const { commission, deal, details, seller } = product;
  const coupon = details?.coupon;
  const until = (each) => (each.endsAt ? `, until ${time(each.endsAt)}` : "");
  const facts = [
    ["Availability", product.availability === "UNKNOWN" ? "" : capital(plain(product.availability))],
    ["Condition", details?.condition && capital(plain(details.condition))],
    ["Deal", deal && [deal.badge, shown(deal.price)].filter(Boolean).join(" ") + until(deal)],
    ["Coupon", coupon && [coupon.code, coupon.description].filter(Boolean).join(" ") + until(coupon)],
    ["Delivery", shipping(product.offer)],
    ["Rating", rating(product.reviews)],
    ["Orders", product.ordersLast30Days === null ? "" : `${compact(product.ordersLast30Days)} in 30 days`],
    ["Commission", commission && `${Number(commission.ratePercent)}%${commission.amount ? `, ${shown(commission.amount)}` : ""}`],
    ["Brand", product.brand],
    ["Seller", seller?.name],
    ["Category", product.categories.map((each) => each.name).join(" › ")],
    ["Imported", product.importedAt && time(product.importedAt)],
    ["Synced", product.syncedAt && ago(product.syncedAt)],
  ].filter(([, value]) => value);
  return html`<dl class="facts">${facts.map(([name, value]) => html`<dt>${name}</dt><dd>${value}</dd>`)}</dl>`;
}

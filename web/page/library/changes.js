// What the bulk edit makes of each product.
import { defaults } from "../defaults.js";
import { sellingPrice } from "../explore/markup.js";
import { say } from "../texts.js";

export const NOTHING = { price: "keep", notes: "keep", text: "" };

/**
 * The new values of a row, as the server takes them, or { problem } in words. `wanted.price`: "keep", "clear", or
 * the way of the plan; `wanted.notes`: "keep", "clear", "add" or "replace" by `wanted.text`.
 * @returns {any}
 */
export function changeOf(row, wanted, plan) {
  const change = { id: row.id };
  if (wanted.price === "clear") change.sellingPrice = null;
  else if (wanted.price !== "keep") {
    const currency = row.sellingPrice?.currencyCode ?? row.offer?.price.currencyCode ?? defaults().currency;
    change.sellingPrice = sellingPrice({ ...plan, way: wanted.price }, row.offer, currency);
    if (!change.sellingPrice) return { id: row.id, problem: say("edit.unpriced") };
  }
  if (wanted.notes === "clear") change.notes = null;
  if (wanted.notes === "replace") change.notes = wanted.text;
  if (wanted.notes === "add") change.notes = [row.notes, wanted.text].filter(Boolean).join("\n");
  return change;
}

// Of what a change sets, the values that stand there now.
export const beforeOf = (row, change) =>
  Object.fromEntries(Object.keys(change).filter((name) => name in row).map((name) => [name, row[name]]));

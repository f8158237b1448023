// What the bulk edit makes of each product.
import { defaults } from "../defaults.js";
import { sellingPrice } from "../explore/markup.js";
import { say } from "../texts.js";
import { key, listed } from "./tagged.js";

export const NOTHING = { price: "keep", notes: "keep", text: "", tags: "keep", names: "" };

/**
 * The new values of a row, as the server takes them, or { problem } in words. `wanted.price`: "keep", "clear", or
 * the way of the plan; `wanted.notes`: "keep", "clear", "add" or "replace" by `wanted.text`;
 * `wanted.tags`: "keep", "add" or "remove" those of `wanted.names`.
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
  if (wanted.tags === "add") change.addTags = listed(wanted.names);
  if (wanted.tags === "remove") change.removeTags = listed(wanted.names);
  return change;
}

// What takes a change back: the values that stand there now, and the tags that it adds or takes off.
export function beforeOf(row, { addTags = [], removeTags = [], ...change }) {
  const before = Object.fromEntries(
    Object.keys(change)
      .filter((name) => name in row)
      .map((name) => [name, row[name]]),
  );
  const had = new Set(row.tags?.map(key));
  const added = addTags.filter((tag) => !had.has(key(tag)));
  const removed = row.tags?.filter((tag) => removeTags.some((each) => key(each) === key(tag))) ?? [];
  if (added.length) before.removeTags = added;
  if (removed.length) before.addTags = removed;
  return before;
}

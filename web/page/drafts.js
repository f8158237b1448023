// What is typed into the cells of a product belongs to them until the server has it: whatever is
// saved, synced, refused or signed out of meanwhile. It outlives a reload of the tab.
import { useEffect, useState } from "./html.js";
import { run } from "./api.js";
import { amountOf } from "./money.js";
import { say } from "./texts.js";

const PLACE = "drafts";
const entries = new Map(); // product id -> { texts, currency, refused, error, isSaving, again }
const saved = new Map(); // product id -> { notes, sellingPrice, tags, at }: newer than what was asked before
const news = new EventTarget();
const BLANK = { texts: {}, currency: "USD", refused: null, error: null, isSaving: false, again: false };
const RELOADED = { message: say("draft.reloaded") };

// Whose drafts these are: another caller's are not shown.
let owns = null;
export function ownDrafts(owner) {
  const stored = JSON.parse(sessionStorage.getItem(PLACE) ?? "null");
  if (stored?.owner === owner && !entries.size) {
    for (const [id, row] of stored.rows) entries.set(id, { ...BLANK, ...row, error: RELOADED });
  } else if (stored && stored.owner !== owner) {
    forgetDrafts();
  }
  owns = owner;
}

export function forgetDrafts() {
  entries.clear();
  saved.clear();
  sessionStorage.removeItem(PLACE);
}

// The products whose texts wait for another try.
export const waiting = () => [...entries].filter(([, entry]) => entry.error && !entry.isSaving).map(([id]) => id);
export const hasDrafts = () => entries.size > 0;

function put(id, change) {
  const entry = { ...BLANK, ...entries.get(id), ...change };
  if (Object.keys(entry.texts).length || entry.isSaving) entries.set(id, entry);
  else entries.delete(id);
  const rows = [...entries].map(([each, { texts, currency }]) => [each, { texts, currency }]);
  sessionStorage.setItem(PLACE, JSON.stringify({ owner: owns, rows }));
  news.dispatchEvent(new CustomEvent("change", { detail: id }));
}

export function type(id, field, text, currency) {
  const entry = entries.get(id) ?? BLANK;
  const refused = field === "sellingPrice" ? null : entry.refused;
  put(id, { texts: { ...entry.texts, [field]: text }, currency, refused });
}

// Somebody leaves the cell. `isKnown`: its text is what the server has, so far as it told.
export function finish(id, field, isKnown) {
  const entry = entries.get(id) ?? BLANK;
  if (!isKnown || entry.isSaving) return save(id); // what is being saved may be another text
  const { [field]: _, ...texts } = entry.texts;
  return put(id, { texts });
}

// Send what was typed. One save of a product at a time: what is typed meanwhile follows.
export async function save(id) {
  const entry = entries.get(id);
  if (!entry) return;
  if (entry.isSaving) return put(id, { again: true });
  const { input, refused } = read(entry);
  put(id, { refused });
  if (!Object.keys(input).length) return;
  put(id, { isSaving: true, error: null, again: false });
  try {
    const { product, errors } = (await run("update", { input: { id, ...input } })).updateProduct;
    if (errors.length) throw errors[0];
    learn(product);
    put(id, { isSaving: false, texts: without(entries.get(id).texts, entry.texts, input) });
  } catch (error) {
    if (!entries.has(id)) return; // somebody else signed in
    put(id, { isSaving: false, error });
    return;
  }
  if (entries.get(id)?.again) await save(id);
}

// As the server takes it, and why an amount cannot be meant.
function read({ texts, currency }) {
  const input = {};
  let refused = null;
  if ("notes" in texts) input.notes = texts.notes.trim() ? texts.notes : null;
  if ("sellingPrice" in texts) {
    const { amount, problem } = amountOf(texts.sellingPrice);
    if (problem) refused = problem;
    else input.sellingPrice = amount ? { amount, currencyCode: currency } : null;
  }
  return { input, refused };
}

// What was sent is done, unless it was typed over since.
const without = (texts, sent, input) =>
  Object.fromEntries(Object.entries(texts).filter(([field, text]) => !(field in input && sent[field] === text)));

export const saveAll = () => Promise.all(waiting().map(save));

// The publisher's own fields of a row that was asked for at `row.askedAt`.
export function own(row) {
  const { at, ...fields } = saved.get(row.id) ?? { at: 0 };
  return at > (row.askedAt ?? 0) ? { ...row, ...fields } : row;
}

// What the server says of them after a change.
export function learn({ id, notes, sellingPrice, tags }) {
  saved.set(id, { notes, sellingPrice, tags, at: performance.now() });
  news.dispatchEvent(new CustomEvent("change", { detail: id }));
}

export function useDraft(id) {
  useDraftNews((changed) => changed === id, id);
  return entries.get(id) ?? BLANK;
}

export function useWaiting() {
  useDraftNews(() => true);
  return waiting();
}

function useDraftNews(isMine, key) {
  const [, redraw] = useState(0);
  useEffect(() => {
    const listener = (event) => isMine(event.detail) && redraw((number) => number + 1);
    news.addEventListener("change", listener);
    return () => news.removeEventListener("change", listener);
  }, [key]);
}

addEventListener("beforeunload", (event) => {
  if (entries.size) event.preventDefault(); // the browser asks whether to leave
});

// What a text or a file names, asked of the server in as few requests as it takes; and its import.
import { rowsOf, run } from "../api.js";
import { say } from "../texts.js";

const NOTHING = { message: say("paste.nothing") };
export const MOST = 250; // products of a request
const LONGEST = 90_000; // bytes of its text

// Hands each part's lines to `add`, with how many rows are left. The server reads a file; what its
// rows name is asked as if it was pasted.
export async function lookAt({ text, file }, add, signal) {
  const rows = file ? await rowsOf(file, signal) : text.split("\n").map((line) => ({ text: line }));
  const rest = parts(rows);
  for (let part = rest.shift(); part; part = rest.shift()) {
    const found = await named(part, signal);
    if (found) add(file ? placed(part, found) : found, rest.flat().length);
    else rest.unshift(...halves(part));
  }
}

// What rows name; null where it is more than a request may ask for, and they can be halved.
async function named(rows, signal) {
  const words = rows.flatMap((row) => (row.error ? [] : row.text)).join("\n");
  if (!words.trim()) return [];
  try {
    return listed(words, (await run("pasted", { text: words }, { signal })).productsIn);
  } catch (failure) {
    if (failure.code === "INVALID_INPUT" && halves(rows)) return null;
    throw failure;
  }
}

// A line has several things where it is a list, or a row of a table. Null for what has no middle.
function halves(rows) {
  const middle = rows.length >> 1;
  if (middle) return [rows.slice(0, middle), rows.slice(middle)];
  const [{ text, ...row }] = rows;
  const from = text.length >> 1;
  const [cut] = [/\s/, /[,;|]/].map((sign) => text.slice(from).search(sign)).filter((at) => at >= 0);
  return cut === undefined ? null : [text.slice(0, from + cut), text.slice(from + cut + 1)].map((half) => [{ ...row, text: half }]);
}

// What was found in the words of rows, and the rows that name nothing, each with its place.
function placed(rows, found) {
  let start = 0;
  const rest = [...found];
  return rows.flatMap((row) => {
    const place = say(row.sheet ? "paste.sheet" : "paste.line", { sheet: row.sheet, line: String(row.line) });
    if (row.error) return [{ ...row, place }];
    start += [...row.text].length + 1;
    const own = rest.splice(0, rest.filter((each) => each.start < start).length);
    return own.map((each) => ({ ...each, place }));
  });
}

// Rows in parts that fit a request each.
function parts(rows) {
  const made = [];
  let size = Infinity;
  for (const row of rows) {
    const bytes = new TextEncoder().encode(row.text).length + 1;
    if (size + bytes > LONGEST || made.at(-1).length === MOST) {
      made.push([]);
      size = 0;
    }
    made.at(-1).push(row);
    size += bytes;
  }
  return made;
}

// What was found in the text and the lines in which nothing was, in order.
function listed(text, rows) {
  const found = rows.map(({ start, words, product, errors }) => ({ start, text: words, product, error: errors[0] }));
  let start = 0; // in characters, as the server counts, not in UTF-16 units
  for (const line of text.split("\n")) {
    const end = start + [...line].length;
    if (line.trim() && !rows.some((row) => row.start < end && row.end > start)) {
      found.push({ start, text: line.trim(), error: NOTHING });
    }
    start = end + 1;
  }
  return found.sort((one, other) => one.start - other.start);
}

// Lines with more of them, each thing once: a product, or a line that is none. `places`: where it stands in a file,
// `times`: how often it was named.
export function withMore(known, lines) {
  const kept = new Map(known.map((line) => [line.key, line]));
  for (const { place, ...line } of lines) {
    const key = line.product?.id ?? `${place ?? ""} ${line.text}`;
    const { places = [], times = 0, ...earlier } = kept.get(key) ?? {};
    if (place && places.includes(place)) continue; // twice in a row of a table
    kept.set(key, { key, ...line, ...earlier, places: place ? [...places, place] : places, times: times + 1 });
  }
  return [...kept.values()];
}

// What became of each line, by its key.
export async function imported(lines) {
  try {
    const products = lines.map((line) => ({ id: line.product.id }));
    const { results } = (await run("import", { products })).importProducts;
    return new Map(results.map((row, n) => [lines[n].key, outcome(row, lines[n])]));
  } catch (error) {
    return new Map(lines.map((line) => [line.key, { error }]));
  }
}

/** @param {any} row @param {any} line @returns {any} */
const outcome = ({ product, errors: [error] }, line) =>
  error ? { error } : { product, error: null, done: line.product.importedAt ? "known" : "new" };

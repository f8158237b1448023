// The paste box: a text or a file with one or many products, looked at before they are imported.
import { html, useEffect, useState } from "./html.js";
import { rowsOf, run } from "./api.js";
import { Dialog, Failure, Picture, Price } from "./parts.js";
import { count, plural } from "./words.js";

const NOTHING = { message: "There is no product's address or id in this line." };
const MOST = 250; // products of a request
const LONGEST = 90_000; // bytes of its text
const KINDS = ".csv,.tsv,.tab,.txt,.md,.html,.eml,.json,.jsonl,.xlsx,.xls,.xlsm,.xlsb,.ods";

export function Paste({ onImport }) {
  const [text, setText] = useState("");
  const [given, setGiven] = useState(null); // what is previewed: { text } or { file }
  const [isOver, setOver] = useState(false); // a file is held above the box
  const submit = (event) => {
    event.preventDefault();
    if (text.trim()) setGiven({ text: text.trim() });
  };
  const keys = (event) => {
    if (event.key === "Enter" && !event.shiftKey) submit(event);
  };
  const choose = (event) => {
    const [file] = event.target.files;
    if (file) setGiven({ file });
    event.target.value = ""; // so that the same file can be chosen again
  };
  const hold = (event) => {
    if (!event.dataTransfer.types.includes("Files")) return;
    event.preventDefault();
    setOver(event.type === "dragover");
  };
  const drop = (event) => {
    const [file] = event.dataTransfer.files;
    if (!file) return; // a text that is dropped goes into the box
    hold(event);
    setGiven({ file });
  };
  return html`<form class=${isOver ? "paste over" : "paste"} onSubmit=${submit} onDragOver=${hold} onDragLeave=${hold} onDrop=${drop}>
      <label class="hidden" for="paste">Product addresses or ids</label>
      <textarea id="paste" rows=${Math.min(6, text.split("\n").length)} value=${text} onKeyDown=${keys}
        placeholder="Paste addresses or ids, or drop a file"
        onInput=${(event) => setText(event.target.value)} />
      <button>Preview</button>
      <label class="button">File<input type="file" accept=${KINDS} onChange=${choose} /></label>
    </form>
    ${given && html`<${Preview} given=${given} onImport=${onImport}
      onDone=${() => given.text && setText("")} onClose=${() => setGiven(null)} />`}`;
}

function Preview({ given, onImport, onDone, onClose }) {
  const [lines, setLines] = useState(null); // [{ key, place, text, product, error, done }]
  const [error, setError] = useState(null);
  const [left, setLeft] = useState(null); // rows of a file that were not looked at yet
  const [isBusy, setBusy] = useState(false);
  useEffect(() => {
    const asking = new AbortController(); // once this is closed nobody waits for the answer
    const { signal } = asking;
    const add = (more, rest) => {
      if (signal.aborted) return;
      setLines((now) => once([...(now ?? []), ...more]));
      setLeft(rest);
    };
    setLines(null);
    setError(null);
    (given.file ? lookAtFile(given.file, add, signal) : lookAtText(given.text, add, signal)).catch(
      (failure) => signal.aborted || setError(failure),
    );
    return () => asking.abort();
  }, [given]);
  const good = lines?.filter((line) => line.product && !line.done) ?? [];
  const importAll = async () => {
    setBusy(true);
    for (let start = 0; start < good.length; start += MOST) {
      const news = await imported(good.slice(start, start + MOST));
      setLines((now) => now.map((line) => ({ ...line, ...news.get(line.key) })));
    }
    setBusy(false);
    onImport();
    onDone();
  };
  const isDone = lines?.some((line) => line.done) && !good.length;
  const isLooking = left !== 0 && !error;
  return html`<${Dialog} title=${given.file?.name ?? "Preview"} wide onClose=${onClose}>
    ${error && html`<${Failure} error=${error} />`}
    ${(lines || !error) && html`<p role="status" class="quiet">${isLooking ? looking(left) : summary(lines)}</p>`}
    <ul class="lines">${lines?.map((line) => html`<${Line} key=${line.key} line=${line} />`)}</ul>
    <div class="row end">
      ${isDone ? html`<button type="button" class="primary" onClick=${onClose}>Done</button>` : html`<button type="button" class="primary" disabled=${isBusy || isLooking || !good.length} onClick=${importAll}>
        ${isBusy ? "Importing ..." : `Import ${plural(good.length, "product")}`}</button>`}
    </div>
  </${Dialog}>`;
}

const looking = (left) => (left === null ? "Looking ..." : `Looking, ${plural(left, "row")} left ...`);

async function lookAtText(text, add, signal) {
  add(listed(text, (await run("pasted", { text }, { signal })).productsIn), 0);
}

// The server reads the file; what its rows name is asked as if it was pasted, part by part.
async function lookAtFile(file, add, signal) {
  const rows = await rowsOf(file, signal);
  let left = rows.length;
  for (const part of parts(rows)) {
    const good = part.filter((row) => !row.error);
    const text = good.map((row) => row.text).join("\n");
    const found = good.length ? listed(text, (await run("pasted", { text }, { signal })).productsIn) : [];
    left -= part.length;
    add(placed(part, found), left);
  }
}

// What was found in the words of rows, and the rows that name nothing, each with its place.
function placed(rows, found) {
  let start = 0;
  const rest = [...found];
  return rows.flatMap((row) => {
    const place = row.sheet ? `${row.sheet}, line ${row.line}` : `Line ${row.line}`;
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

function summary(lines) {
  const done = lines.filter((line) => line.done).length;
  if (done) return `${count(done)} imported, ${count(lines.length - done)} not.`;
  const bad = lines.filter((line) => line.error).length;
  return `${plural(lines.length, "line")}: ${lines.length - bad} good, ${bad} bad. Nothing is stored until you import.`;
}

function Line({ line }) {
  const { product, error, done } = line;
  return html`<li class=${error ? "bad" : done ? "good" : ""}>
    <${Picture} url=${product?.image?.url} small />
    <div class="grow">
      <p class="source">${line.place && html`<strong>${line.place}</strong> `}${line.text}</p>
      ${product && html`<p class="title">${product.title}</p><${Price} product=${product} />`}
      ${error && html`<p class="problem">${error.message}</p>`}
    </div>
    <p class="outcome">${done ? "✓ Imported" : error ? "✕ Not imported" : product?.importedAt ? "Already in the library" : ""}</p>
  </li>`;
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

// Each thing once, with every place where it stands: a product, or a line that is none.
function once(lines) {
  const kept = new Map();
  for (const line of lines) {
    const key = line.product?.id ?? `${line.place ?? ""} ${line.text}`;
    const earlier = kept.get(key);
    if (!earlier) kept.set(key, { ...line, key });
    else if (line.place !== earlier.place) kept.set(key, { ...earlier, place: `${earlier.place}, ${line.place}` });
  }
  return [...kept.values()];
}

// What became of each line, by its key.
async function imported(lines) {
  try {
    const products = lines.map((line) => ({ id: line.product.id }));
    const { results } = (await run("import", { products })).importProducts;
    return new Map(results.map((row, n) =>
      [lines[n].key, row.errors.length ? { error: row.errors[0] } : { product: row.product, error: null, done: true }]));
  } catch (error) {
    return new Map(lines.map((line) => [line.key, { error }]));
  }
}

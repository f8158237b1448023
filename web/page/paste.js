// The paste box: a text with one or many products, looked at before they are imported.
import { html, useEffect, useState } from "./html.js";
import { run } from "./api.js";
import { Dialog, Failure, Picture, Price } from "./parts.js";
import { count, plural } from "./words.js";

const NOTHING = { message: "There is no product's address or id in this line." };

export function Paste({ onImport }) {
  const [text, setText] = useState("");
  const [given, setGiven] = useState(""); // what is previewed
  const submit = (event) => {
    event.preventDefault();
    setGiven(text.trim());
  };
  const keys = (event) => {
    if (event.key === "Enter" && !event.shiftKey) submit(event);
  };
  return html`<form class="paste" onSubmit=${submit}>
      <label class="hidden" for="paste">Product addresses or ids</label>
      <textarea id="paste" rows=${Math.min(6, text.split("\n").length)} value=${text} onKeyDown=${keys}
        placeholder="Paste addresses or ids"
        onInput=${(event) => setText(event.target.value)} />
      <button>Preview</button>
    </form>
    ${given && html`<${Preview} text=${given} onImport=${onImport}
      onDone=${() => setText("")} onClose=${() => setGiven("")} />`}`;
}

function Preview({ text, onImport, onDone, onClose }) {
  const [lines, setLines] = useState(null); // [{ key, text, product, error, done }]
  const [error, setError] = useState(null);
  const [isBusy, setBusy] = useState(false);
  useEffect(() => {
    const asking = new AbortController(); // once this is closed nobody waits for the answer
    const { signal } = asking;
    setLines(null);
    setError(null);
    run("pasted", { text }, { signal }).then(
      (data) => signal.aborted || setLines(listed(text, data.productsIn)),
      (failure) => signal.aborted || setError(failure),
    );
    return () => asking.abort();
  }, [text]);
  const good = lines?.filter((line) => line.product && !line.done) ?? [];
  const importAll = async () => {
    setBusy(true);
    const news = await imported(good);
    setLines((now) => now.map((line) => ({ ...line, ...news.get(line.key) })));
    setBusy(false);
    onImport();
    onDone();
  };
  const isDone = lines?.some((line) => line.done) && !good.length;
  return html`<${Dialog} title="Preview" wide onClose=${onClose}>
    ${error
      ? html`<${Failure} error=${error} />`
      : html`<p role="status" class="quiet">${lines ? summary(lines) : "Looking ..."}</p>`}
    <ul class="lines">${lines?.map((line) => html`<${Line} key=${line.key} line=${line} />`)}</ul>
    <div class="row end">
      ${isDone ? html`<button type="button" class="primary" onClick=${onClose}>Done</button>` : html`<button type="button" class="primary" disabled=${isBusy || !good.length} onClick=${importAll}>
        ${isBusy ? "Importing ..." : `Import ${plural(good.length, "product")}`}</button>`}
    </div>
  </${Dialog}>`;
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
      <p class="source">${line.text}</p>
      ${product && html`<p class="title">${product.title}</p><${Price} product=${product} />`}
      ${error && html`<p class="problem">${error.message}</p>`}
    </div>
    <p class="outcome">${done ? "✓ Imported" : error ? "✕ Not imported" : product?.importedAt ? "Already in the library" : ""}</p>
  </li>`;
}

// What was found in the text and the lines in which nothing was, in order, each thing once.
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
  const once = new Map();
  for (const each of found.sort((one, other) => one.start - other.start)) {
    const key = each.product?.id ?? each.text;
    if (!once.has(key)) once.set(key, { ...each, key });
  }
  return [...once.values()];
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

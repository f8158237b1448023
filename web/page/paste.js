// The paste box: one or many addresses or ids, looked at before they are imported.
import { html, useRef, useState } from "./html.js";
import { run } from "./api.js";
import { Dialog, Picture, Price } from "./parts.js";
import { count, plural } from "./words.js";

const MOST = 250;
const AT_ONCE = 10; // previews under way at the same time; the server joins their calls

const ID = /^([0-9]{8,}|[A-Z0-9]{10})$/;

// What was pasted, each thing once. A line can hold several ids or addresses; a comma inside an
// address belongs to it.
function listed(text) {
  const found = text.split("\n").flatMap((line) => {
    const words = line.split(/[\s,;]+/).filter(Boolean);
    return words.every((word) => ID.test(word)) ? words : line.split(/[\s,;]+(?=https?:)/);
  });
  return [...new Set(found.map((each) => each.trim()).filter(Boolean))];
}

export function Paste({ onImport }) {
  const [text, setText] = useState("");
  const [lines, setLines] = useState(null); // [{ text, product, error, done }]
  const submit = (event) => {
    event.preventDefault();
    const texts = listed(text);
    if (texts.length) setLines(texts.map((each) => ({ text: each })));
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
    ${lines && html`<${Preview} start=${lines} onImport=${onImport}
      onDone=${() => setText("")} onClose=${() => setLines(null)} />`}`;
}

function Preview({ start, onImport, onDone, onClose }) {
  const [lines, setLines] = useState(start);
  const [isBusy, setBusy] = useState(false);
  const begun = useRef(false);
  const tell = (text, news) =>
    setLines((now) => now.map((line) => (line.text === text ? { ...line, ...news } : line)));
  if (!begun.current) {
    begun.current = true;
    previewAll(start, tell);
  }
  const good = lines.filter((line) => line.product && !line.done);
  const waiting = lines.filter((line) => !line.product && !line.error).length;
  const importAll = async () => {
    setBusy(true);
    for (let at = 0; at < good.length; at += MOST) {
      await importSome(good.slice(at, at + MOST), tell);
    }
    setBusy(false);
    onImport();
    onDone();
  };
  const bad = lines.filter((line) => line.error).length;
  const done = lines.filter((line) => line.done).length;
  return html`<${Dialog} title="Preview" wide onClose=${onClose}>
    <p role="status" class="quiet">${waiting
      ? `Looking at ${plural(waiting, "line")} ...`
      : done
        ? `${count(done)} imported, ${count(lines.length - done)} not.`
        : `${plural(lines.length, "line")}: ${lines.length - bad} good, ${bad} bad. Nothing is stored until you import.`}</p>
    <ul class="lines">${lines.map((line) => html`<${Line} key=${line.text} line=${line} />`)}</ul>
    <div class="row end">
      ${done && !good.length ? html`<button type="button" class="primary" onClick=${onClose}>Done</button>` : html`<button type="button" class="primary" disabled=${isBusy || waiting > 0 || !good.length} onClick=${importAll}>
        ${isBusy ? "Importing ..." : `Import ${plural(good.length, "product")}`}</button>`}
    </div>
  </${Dialog}>`;
}

function Line({ line }) {
  const { product, error, done } = line;
  return html`<li class=${error ? "bad" : done ? "good" : ""}>
    <${Picture} url=${product?.image?.url} small />
    <div class="grow">
      <p class="source">${line.text}</p>
      ${product && html`<p class="title">${product.title}</p><${Price} product=${product} />`}
      ${error && html`<p class="problem">${error.message}</p>`}
      ${!product && !error && html`<p class="quiet">Looking ...</p>`}
    </div>
    <p class="outcome">${done ? "✓ Imported" : error ? "✕ Not imported" : product?.importedAt ? "Already in the library" : ""}</p>
  </li>`;
}

async function previewAll(lines, tell) {
  const rest = [...lines];
  const worker = async () => {
    for (let line = rest.shift(); line; line = rest.shift()) {
      try {
        const { product } = await run("preview", { by: { url: line.text } });
        tell(line.text, product ? { product } : { error: { message: "There is no such product." } });
      } catch (error) {
        tell(line.text, { error });
      }
    }
  };
  await Promise.all(Array.from({ length: AT_ONCE }, worker));
}

async function importSome(lines, tell) {
  try {
    const products = lines.map((line) => ({ url: line.text }));
    const { results } = (await run("import", { products })).importProducts;
    results.forEach((row, n) =>
      tell(lines[n].text, row.errors.length ? { error: row.errors[0] } : { product: row.product, done: true }),
    );
  } catch (error) {
    lines.forEach((line) => tell(line.text, { error }));
  }
}

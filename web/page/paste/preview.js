// What was pasted, line by line, before and after it is imported.
import { html, useEffect, useRef, useState } from "../html.js";
import { outdated } from "../asks.js";
import { may } from "../may.js";
import { Dialog, Failure, Picture, Price } from "../parts.js";
import { say } from "../texts.js";
import { said } from "../words.js";
import { imported, lookAt, MOST, withMore } from "./look.js";

export function Preview({ given, onDone, onClose }) {
  const { lines, error, again, left, isBusy, importAll, cancel } = usePreview(given, onDone);
  const [isNarrow, setNarrow] = useState(false); // shows only what cannot be imported
  const good = lines?.filter((line) => line.product && !line.done) ?? [];
  const isDone = lines?.some((line) => line.done) && !isBusy;
  const isLooking = left !== 0 && !error;
  const bad = lines?.filter((line) => line.error) ?? [];
  const close = () => (cancel(), onClose());
  return html`<${Dialog} title=${given.file?.name ?? say("preview")} wide onClose=${close}>
    ${error && html`<${Failure} error=${error} again=${again} />`}
    ${(lines || !error) && html`<p role="status" class="quiet">${isBusy ? say("importing.left", { n: good.length }) : isLooking ? looking(left) : summary(lines)}</p>`}
    ${
      bad.length > 0 &&
      bad.length < lines.length &&
      html`<label class="option small"><input type="checkbox" checked=${isNarrow} onChange=${() => setNarrow(!isNarrow)} /> ${say("paste.onlyBad", { n: bad.length })}</label>`
    }
    <ul class="lines" tabindex="0">${(isNarrow && bad.length ? bad : lines)?.map((line) => html`<${Line} key=${line.key} line=${line} isDone=${isDone} />`)}</ul>
    <div class="row end">
      ${(isLooking || isBusy) && html`<button type="button" onClick=${isBusy ? cancel : close}>${say("cancel")}</button>`}
      ${isDone && html`<button type="button" class=${good.length ? "" : "primary"} onClick=${onClose}>${say("done")}</button>`}
      ${
        may("IMPORT") &&
        (good.length > 0 || !isDone) &&
        html`<button type="button" class="primary" disabled=${isBusy || isLooking || !good.length} onClick=${() => importAll(good)}>
        ${isBusy ? say("importing") : say("paste.import", { n: good.length })}</button>`
      }
    </div>
  </${Dialog}>`;
}

// Looks at what was given, and imports it part by part until somebody cancels.
function usePreview(given, onDone) {
  const [lines, setLines] = useState(null); // [{ key, place, text, product, error, done }]
  const [error, setError] = useState(null);
  const [left, setLeft] = useState(null); // rows that were not looked at yet
  const [isBusy, setBusy] = useState(false);
  const [turn, setTurn] = useState(0);
  const isCancelled = useRef(false);
  useEffect(() => {
    const asking = new AbortController(); // once this is closed nobody waits for the answer
    const { signal } = asking;
    const add = (more, rest) => {
      if (signal.aborted) return;
      setLines((now) => withMore(now ?? [], more));
      setLeft(rest);
    };
    setLines(null);
    setLeft(null);
    setError(null);
    lookAt(given, add, signal).catch((failure) => signal.aborted || setError(failure));
    return () => asking.abort();
  }, [given, turn]);
  useEffect(() => {
    if (!isBusy) return undefined;
    const hold = (event) => event.preventDefault(); // the browser asks whether to leave
    addEventListener("beforeunload", hold);
    return () => removeEventListener("beforeunload", hold);
  }, [isBusy]);
  const importAll = async (good) => {
    isCancelled.current = false;
    setBusy(true);
    let now = lines;
    for (let start = 0; start < good.length && !isCancelled.current; start += MOST) {
      const news = await imported(good.slice(start, start + MOST));
      now = now.map((line) => ({ ...line, ...news.get(line.key) }));
      setLines(now);
    }
    setBusy(false);
    outdated("library");
    onDone(now.filter((line) => !line.done).map((line) => line.text));
  };
  const cancel = () => {
    isCancelled.current = true;
  };
  return { lines, error, again: () => setTurn(turn + 1), left, isBusy, importAll, cancel };
}

const looking = (left) => (left === null ? say("looking") : say("looking.left", { n: left }));

function summary(lines) {
  const those = (done) => lines.filter((line) => line.done === done).length;
  const [fresh, known, bad] = [those("new"), those("known"), lines.filter((line) => line.error).length];
  if (fresh || known) {
    const rest = lines.length - fresh - known;
    return `${say("paste.new", { n: fresh })}${known ? say("paste.known", { n: known }) : ""}${rest ? say("paste.rest", { n: rest }) : ""}.`;
  }
  const more = lines.reduce((sum, { times }) => sum + times - 1, 0);
  return say("paste.lines", { n: lines.length, good: lines.length - bad, bad }) + (more ? say("paste.more", { n: more }) : "");
}

function Line({ line, isDone }) {
  const { product, error, done } = line;
  const outcome = { new: say("paste.imported"), known: say("paste.there") }[done];
  return html`<li class=${error ? "bad" : done ? "good" : ""}>
    <${Picture} url=${product?.image?.url} small />
    <div class="grow">
      <p class="source">${line.places.length > 0 && html`<strong>${line.places.join(", ")}</strong> `}${line.text}</p>
      ${product && html`<p class="title">${product.title}</p><${Price} product=${product} />`}
      ${error && html`<p class="problem">${said(error)}</p>`}
    </div>
    <p class="outcome">${outcome ?? (error ? say(isDone ? "paste.failed" : "paste.unusable") : product?.importedAt ? say("paste.inLibrary") : "")}</p>
  </li>`;
}

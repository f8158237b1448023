// The paste box: a text or a file with one or many products, looked at before they are imported.
import { html, useState } from "../html.js";
import { who } from "../may.js";
import { Preview } from "./preview.js";
import { say } from "../texts.js";

const KINDS = ".csv,.tsv,.tab,.txt,.md,.html,.eml,.json,.jsonl,.xlsx,.xls,.xlsm,.xlsb,.ods";

// What stands in the box is of who is signed in, and outlives a reload of the tab and the end of the session.
const PLACE = "pasted";

function pasted() {
  const kept = JSON.parse(sessionStorage.getItem(PLACE) ?? "null");
  return kept?.owner === who() ? kept.text : "";
}

function keepPasted(text) {
  try {
    sessionStorage.setItem(PLACE, JSON.stringify({ owner: who(), text }));
  } catch {
    forgetPasted(); // more than a browser keeps
  }
}

export const forgetPasted = () => sessionStorage.removeItem(PLACE);

export function Paste() {
  const [text, setOwn] = useState(pasted);
  const setText = (news) => (keepPasted(news), setOwn(news));
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
  const onDone = (failed) => given.text && setText(failed.join("\n")); // they stay, to be mended
  return html`<form class=${isOver ? "paste over" : "paste"} onSubmit=${submit} onDragOver=${hold} onDragLeave=${hold} onDrop=${drop}>
      <label class="hidden" for="paste">${say("paste")}</label>
      <textarea id="paste" rows=${Math.min(6, text.split("\n").length)} value=${text} onKeyDown=${keys}
        placeholder=${say("paste.hint")}
        onInput=${(event) => setText(event.target.value)} />
      <button>${say("preview")}</button>
      <label class="button">${say("paste.file")}<input type="file" accept=${KINDS} onChange=${choose} /></label>
    </form>
    ${given && html`<${Preview} given=${given} onDone=${onDone} onClose=${() => setGiven(null)} />`}`;
}

// Fields whose values stand in the address.
import { html, useEffect, useState } from "./html.js";
import { choose, here } from "./address.js";
import { say } from "./texts.js";

const PAUSE = 250; // milliseconds without a letter until the words are looked for

export function Choice({ name, label, value, options }) {
  return html`<label><span class="hidden">${label}</span><select value=${value ?? ""} onChange=${(event) => choose({ [name]: event.target.value })}>
    ${options.map(([code, text]) => html`<option key=${code} value=${code}>${text}</option>`)}
  </select></label>`;
}

// On a narrow screen what narrows a list further stands behind a button, which says how many of them do.
export function Fold({ used, children }) {
  const [isOpen, setOpen] = useState(false);
  return html`<button type="button" class="fold" aria-expanded=${isOpen} onClick=${() => setOpen(!isOpen)}>${used ? say("filters.used", { n: used }) : say("filters")}</button>
    <div class=${isOpen ? "folding open" : "folding"} onInvalidCapture=${() => setOpen(true)}>${children}</div>`;
}

// What somebody types, once they pause.
export function useSettled(text) {
  const [settled, setSettled] = useState(text);
  useEffect(() => {
    const timer = setTimeout(() => setSettled(text), PAUSE);
    return () => clearTimeout(timer);
  }, [text]);
  return settled;
}

// A field whose words go into the address once nobody types.
export function Words({ name, label, placeholder }) {
  const told = here().values[name] ?? "";
  const [text, setText] = useState(told);
  const [sent, setSent] = useState(told); // from here to the address
  if (sent !== told) {
    // it was changed elsewhere; not in an effect, which would run late, over what was typed since
    setSent(told);
    setText(told);
  }
  useEffect(() => {
    if (text === sent) return undefined;
    const timer = setTimeout(() => {
      setSent(text);
      choose({ [name]: text }, { replaces: true });
    }, PAUSE);
    return () => clearTimeout(timer);
  }, [text]);
  return html`<label class="grow"><span class="hidden">${label}</span>
    <input type="search" placeholder=${placeholder} value=${text} onInput=${(event) => setText(event.target.value)} /></label>`;
}

// A button that copies a text.
import { html, useState } from "./html.js";
import { say } from "./texts.js";

export function Copy({ text, label = say("copy.copy") }) {
  const [copied, setCopied] = useState("");
  const copy = async () => {
    try {
      await navigator.clipboard.writeText(text);
      setCopied(say("copy.done"));
    } catch {
      setCopied(say("copy.keys")); // not allowed here: the text is selected instead
    }
    setTimeout(() => setCopied(""), 2500);
  };
  return html`<button type="button" onClick=${copy} aria-live="polite">${copied || label}</button>`;
}

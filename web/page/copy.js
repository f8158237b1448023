// A button that copies a text.
import { html, useState } from "./html.js";

export function Copy({ text, label = "Copy" }) {
  const [copied, setCopied] = useState("");
  const copy = async () => {
    try {
      await navigator.clipboard.writeText(text);
      setCopied("Copied");
    } catch {
      setCopied("Press Ctrl+C"); // not allowed here: the text is selected instead
    }
    setTimeout(() => setCopied(""), 2500);
  };
  return html`<button type="button" onClick=${copy} aria-live="polite">${copied || label}</button>`;
}

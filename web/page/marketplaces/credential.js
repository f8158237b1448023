// A field of a card. A stored secret is never shown again.
import { html, useState } from "../html.js";
import { ago, said } from "../words.js";

export function Credential({ card, field, value, error, onInput }) {
  const [isShown, setShown] = useState(false);
  const id = `${card.id}-${field.name}`;
  // Of what is masked the server tells the last four characters.
  const stored = field.isSet
    ? `Stored${field.hint ? `: ${field.hint.length === 4 ? "ends in " : ""}${field.hint}` : ""}${field.updatedAt ? `, set ${ago(field.updatedAt)}` : ""}`
    : field.isRequired ? "Not set" : "Not set, optional";
  return html`<div class="credential">
    <label for=${id}>${field.label}</label>
    <div class="row tight">
      <input id=${id} class="grow" type=${isShown ? "text" : "password"} autocomplete="new-password" spellcheck="false"
        placeholder=${field.isSet ? "unchanged" : ""} value=${value} aria-invalid=${Boolean(error)} aria-describedby=${`${id}-help`}
        onInput=${(event) => onInput(event.target.value)} />
      <button type="button" class="plain" aria-label="${isShown ? "Hide" : "Show"} ${field.label}" aria-pressed=${isShown} onClick=${() => setShown(!isShown)}>
        <svg viewBox="0 0 24 24" class="eye"><path d="M2 12s4-7 10-7 10 7 10 7-4 7-10 7S2 12 2 12z" /><circle cx="12" cy="12" r="3" />${!isShown && html`<path d="M4 4l16 16" />`}</svg>
      </button>
    </div>
    ${error && html`<p class="problem" role="alert">${said(error)}</p>`}
    <div id=${`${id}-help`}><p class="quiet">${stored}</p>
      <details><summary>Where to find it</summary><p class="quiet">${field.help}</p></details></div>
  </div>`;
}

// A field of a card. A stored secret is never shown again.
import { html, useState } from "../html.js";
import { say } from "../texts.js";
import { ago, said } from "../words.js";

// Of what is masked the server tells the last four characters.
function storedOf({ hint, updatedAt }) {
  const end = hint && (hint.length === 4 ? say("stored.end", { hint }) : `: ${hint}`);
  return say("stored") + (end ?? "") + (updatedAt ? say("stored.at", { time: ago(updatedAt) }) : "");
}

export function Credential({ card, field, value, error, onInput }) {
  const [isShown, setShown] = useState(false);
  const id = `${card.id}-${field.name}`;
  const stored = field.isSet ? storedOf(field) : say(field.isRequired ? "field.unset" : "field.optional");
  return html`<div class="credential">
    <label for=${id}>${field.label}</label>
    ${
      field.options.length > 0
        ? html`<select id=${id} value=${value} aria-invalid=${Boolean(error)} aria-describedby=${`${id}-help`} onChange=${(event) => onInput(event.target.value)}>
      <option value="">${say(field.isSet ? "unchanged.value" : "sites.choose")}</option>
      ${field.options.map((each) => html`<option key=${each} value=${each}>${each}</option>`)}
    </select>`
        : html`<div class="row tight">
      <input id=${id} class="grow" type=${isShown ? "text" : "password"} autocomplete="new-password" spellcheck="false"
        placeholder=${field.isSet ? say("unchanged.value") : ""} value=${value} aria-invalid=${Boolean(error)} aria-describedby=${`${id}-help`}
        onInput=${(event) => onInput(event.target.value)} />
      <button type="button" class="plain" aria-label=${say(isShown ? "hide" : "show", { name: field.label })} aria-pressed=${isShown} onClick=${() => setShown(!isShown)}>
        <svg viewBox="0 0 24 24" class="eye"><path d="M2 12s4-7 10-7 10 7 10 7-4 7-10 7S2 12 2 12z" /><circle cx="12" cy="12" r="3" />${!isShown && html`<path d="M4 4l16 16" />`}</svg>
      </button>
    </div>`
    }
    ${error && html`<p class="problem" role="alert">${said(error)}</p>`}
    <div id=${`${id}-help`}><p class="quiet">${stored}</p>
      <details><summary>${say("field.where")}</summary><p class="quiet">${field.help}</p></details></div>
  </div>`;
}

// What forms begin with.
import { html, useState } from "../html.js";
import { defaults, setDefaults } from "../defaults.js";
import { say } from "../texts.js";

const LETTERS = { currency: 3, country: 2 };
const NEEDED = { currency: true, country: false };

export function Begin() {
  return html`<section class="panel" aria-labelledby="begin">
    <h2 id="begin">${say("begin")}</h2>
    <div class="row wrap">${Object.keys(LETTERS).map((name) => html`<${Code} key=${name} name=${name} />`)}</div>
    <p class="quiet">${say("begin.help")} ${say("kept.here")}</p>
  </section>`;
}

// Kept as soon as it is a whole code.
function Code({ name }) {
  const [text, setText] = useState(defaults()[name]);
  const length = LETTERS[name];
  const type = (event) => {
    const code = event.target.value.trim().toUpperCase();
    setText(code);
    if (/^[A-Z]+$/.test(code) ? code.length === length : !code && !NEEDED[name]) setDefaults({ [name]: code });
  };
  return html`<label>${say(`begin.${name}`)} <input class="amount" maxlength=${length} required=${NEEDED[name]} pattern="[A-Z]{${length}}"
    placeholder=${name === "country" ? say("any") : ""} value=${text} onInput=${type} /></label>`;
}

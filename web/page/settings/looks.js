// How the page looks and speaks, kept in this browser.
import { html, useState } from "../html.js";
import { chosenLanguage, chooseLanguage, LANGUAGES } from "../language.js";
import { say } from "../texts.js";

export function Appearance() {
  const [theme, setTheme] = useState(window.theme.get());
  const choose = (code) => (window.theme.set(code), setTheme(code));
  const options = ["", "light", "dark"].map((code) => [code, say(`theme.${code || "system"}`)]);
  return html`<${Choices} name="theme" title=${say("theme")} legend=${say("theme.legend")} options=${options} value=${theme} onChoose=${choose} />`;
}

// The page begins anew in the other language.
export function Language() {
  const options = [["", say("language.browser")], ...Object.entries(LANGUAGES)];
  const choose = (code) => (chooseLanguage(code), location.reload());
  return html`<${Choices} name="language" title=${say("language")} legend=${say("language")} options=${options} value=${chosenLanguage()} onChoose=${choose} />`;
}

function Choices({ name, title, legend, options, value, onChoose }) {
  return html`<section class="panel" aria-labelledby=${name}>
    <h2 id=${name}>${title}</h2>
    <fieldset class="sites"><legend class="hidden">${legend}</legend>
      ${options.map(
        ([code, words]) => html`<label key=${code} class="chip">
        <input type="radio" name=${name} checked=${value === code} onChange=${() => onChoose(code)} /><span>${words}</span></label>`,
      )}
    </fieldset>
    <p class="quiet">${say("kept.here")}</p>
  </section>`;
}

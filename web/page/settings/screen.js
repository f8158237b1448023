// Settings: how the page looks, and the keys of programs and other people.
import { html, useState } from "../html.js";
import { may } from "../may.js";
import { Keys } from "./keys.js";

const THEMES = { "": "As the system", light: "Light", dark: "Dark" };

export function Settings() {
  return html`
    <h1>Settings</h1>
    <div class="sections">
      <${Appearance} />
      ${may("ADMIN") ? html`<${Keys} />` : html`<p class="empty small">API keys are shown to whoever signs in with a key that may do everything.</p>`}
    </div>`;
}

function Appearance() {
  const [theme, setTheme] = useState(window.theme.get());
  const choose = (code) => (window.theme.set(code), setTheme(code));
  return html`<section class="panel" aria-labelledby="appearance">
    <h2 id="appearance">Appearance</h2>
    <fieldset class="sites"><legend class="hidden">Colours</legend>
      ${Object.entries(THEMES).map(([code, words]) => html`<label key=${code} class="chip">
        <input type="radio" name="theme" checked=${theme === code} onChange=${() => choose(code)} /><span>${words}</span></label>`)}
    </fieldset>
    <p class="quiet">Kept in this browser.</p>
  </section>`;
}

// Settings: how the page looks, and the keys of programs and other people.
import { html } from "../html.js";
import { may } from "../may.js";
import { say } from "../texts.js";
import { Begin } from "./begin.js";
import { Keys } from "./keys.js";
import { Appearance, Language } from "./looks.js";

export function Settings() {
  return html`
    <h1>${say("screen.settings")}</h1>
    <div class="sections">
      <${Appearance} />
      <${Language} />
      <${Begin} />
      ${may("ADMIN") ? html`<${Keys} />` : html`<p class="empty small">${say("keys.hidden")}</p>`}
    </div>`;
}

// A form that makes a key: for a program or a person, or for a web page that everybody can read.
import { html, useState } from "../html.js";
import { run } from "../api.js";
import { useAsk } from "../asks.js";
import { Failure } from "../parts.js";
import { nameOf, SCOPES, toggled } from "./scopes.js";
import { say } from "../texts.js";

const LIVES = [
  ["", say("life.never")],
  ["30", say("life.month")],
  ["90", say("life.quarter")],
  ["365", say("life.year")],
];
const DAY = 86_400_000;
const BLANK = { name: "", isPublic: false, scopes: new Set(["READ"]), days: "", origins: "", calls: "0" };

/** @returns {any} */
function inputOf({ name, isPublic, scopes, days, origins, calls }) {
  const expiresAt = days ? new Date(Date.now() + Number(days) * DAY).toISOString() : null;
  const told = { name: name.trim(), expiresAt };
  if (!isPublic) return { ...told, scopes: [...scopes] };
  return { ...told, scopes: ["PUBLIC"], origins: origins.split(/[\s,]+/).filter(Boolean), marketplaceCallsPerDay: Number(calls) };
}

export function Make({ onMade }) {
  const [form, setForm] = useState(BLANK);
  const [isOpen, setOpen] = useState(false);
  const [state, make] = useAsk(async () => {
    const { key, apiKey, errors } = (await run("create-key", { input: inputOf(form) })).createApiKey;
    if (errors.length) throw errors[0];
    setForm(BLANK);
    setOpen(false);
    onMade({ name: apiKey.name, text: key });
  });
  const set = (name) => (event) => setForm({ ...form, [name]: event.target.value });
  const submit = (event) => {
    event.preventDefault();
    make();
  };
  return html`<details class="make" open=${isOpen} onToggle=${(event) => setOpen(event.target.open)}><summary>${say("key.make")}</summary><form class="stack" onSubmit=${submit}>
    <label>${say("key.name")} <input required maxlength="100" placeholder=${say("key.example")} value=${form.name} onInput=${set("name")} /></label>
    <fieldset class="sites"><legend class="hidden">${say("key.forWhom")}</legend>
      ${[
        [false, say("key.program")],
        [true, say("key.page")],
      ].map(
        ([isPublic, words]) => html`<label key=${words} class="chip">
        <input type="radio" name="for" checked=${form.isPublic === isPublic} onChange=${() => setForm({ ...form, isPublic })} /><span>${words}</span></label>`,
      )}
    </fieldset>
    ${form.isPublic ? html`<${Public} form=${form} set=${set} />` : html`<${Scopes} from=${SCOPES} chosen=${form.scopes} onChange=${(scopes) => setForm({ ...form, scopes })} />`}
    <label>${say("key.end")} <select value=${form.days} onChange=${set("days")}>${LIVES.map(([days, words]) => html`<option key=${days} value=${days}>${words}</option>`)}</select></label>
    ${state.error && html`<${Failure} error=${state.error} />`}
    <div class="row"><button class="primary" disabled=${state.busy || (!form.isPublic && !form.scopes.size)}>${say("key.create")}</button></div>
  </form></details>`;
}

export const Scopes = ({ from, chosen, onChange }) => html`<fieldset><legend>${say("key.what")}</legend>
    ${from.map(
      (scope) => html`<label key=${scope} class="option">
      <input type="checkbox" checked=${chosen.has(scope)} onChange=${() => onChange(toggled(chosen, scope))} />
      <span><strong>${nameOf(scope)}</strong> <span class="quiet">${say(`scopeHelp.${scope}`)}</span></span></label>`,
    )}
  </fieldset>`;

const Public = ({ form, set }) => html`
    <label>${say("key.pages")} <input required placeholder="https://shop.example.com" value=${form.origins} onInput=${set("origins")} /></label>
    <label>${say("key.perDay")} <input inputmode="numeric" pattern="[0-9]{1,9}" required title=${say("key.whole")} value=${form.calls} onInput=${set("calls")} />
      <span class="quiet">${say("key.zero")}</span></label>`;

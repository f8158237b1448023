// A form that makes a key: for a program or a person, or for a web page that everybody can read.
import { html, useState } from "../html.js";
import { run } from "../api.js";
import { useAsk } from "../asks.js";
import { Failure } from "../parts.js";
import { SCOPES, toggled } from "./scopes.js";

const LIVES = [["", "Never"], ["30", "In 30 days"], ["90", "In 90 days"], ["365", "In a year"]];
const DAY = 86_400_000;
const BLANK = { name: "", isPublic: false, scopes: new Set(["READ"]), days: "", origins: "", calls: "0" };

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
  return html`<details class="make" open=${isOpen} onToggle=${(event) => setOpen(event.target.open)}><summary>Make a key</summary><form class="stack" onSubmit=${submit}>
    <label>Name <input required maxlength="100" placeholder="my shop" value=${form.name} onInput=${set("name")} /></label>
    <fieldset class="sites"><legend class="hidden">For whom</legend>
      ${[[false, "A program or a person"], [true, "A web page"]].map(([isPublic, words]) => html`<label key=${words} class="chip">
        <input type="radio" name="for" checked=${form.isPublic === isPublic} onChange=${() => setForm({ ...form, isPublic })} /><span>${words}</span></label>`)}
    </fieldset>
    ${form.isPublic ? html`<${Public} form=${form} set=${set} />` : html`<${Scopes} from=${Object.keys(SCOPES).filter((each) => each !== "PUBLIC")} chosen=${form.scopes} onChange=${(scopes) => setForm({ ...form, scopes })} />`}
    <label>Ends <select value=${form.days} onChange=${set("days")}>${LIVES.map(([days, words]) => html`<option key=${days} value=${days}>${words}</option>`)}</select></label>
    ${state.error && html`<${Failure} error=${state.error} />`}
    <div class="row"><button class="primary" disabled=${state.busy || (!form.isPublic && !form.scopes.size)}>Make key</button></div>
  </form></details>`;
}

export const Scopes = ({ from, chosen, onChange }) => html`<fieldset><legend>What it may do</legend>
    ${from.map((scope) => html`<label key=${scope} class="option">
      <input type="checkbox" checked=${chosen.has(scope)} onChange=${() => onChange(toggled(chosen, scope))} />
      <span><strong>${SCOPES[scope]?.[0] ?? scope}</strong> <span class="quiet">${SCOPES[scope]?.[1]}</span></span></label>`)}
  </fieldset>`;

const Public = ({ form, set }) => html`
    <label>Addresses of the pages <input required placeholder="https://shop.example.com" value=${form.origins} onInput=${set("origins")} /></label>
    <label>Calls of marketplaces a day <input inputmode="numeric" pattern="[0-9]{1,9}" required title="A whole number, like 200" value=${form.calls} onInput=${set("calls")} />
      <span class="quiet">With 0 it is told what is stored. Everybody can read a key that stands in a page, and use these calls up.</span></label>`;

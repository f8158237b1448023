// Marketplaces: a settings card for each, saved on its own. A stored secret is never shown again.
import { html, useState } from "./html.js";
import { run } from "./api.js";
import { Failures, Failure, Sandbox, useAsk } from "./parts.js";
import { ago, capital, count, plain, time, titleOf } from "./words.js";

export function Marketplaces({ cards, onCard }) {
  const withSites = cards.filter((card) => card.locale === card.sites[0]);
  return html`
    <h1>Marketplaces</h1>
    <div class="cards">${cards.map((card) => html`<${Settings} key=${card.id} card=${card} onCard=${onCard} />`)}</div>
    ${withSites.map((card) => html`<${Sites} key=${card.id} card=${card} cards=${cards} onCard=${onCard} />`)}`;
}

// Opens the card of another country site of a marketplace.
function Sites({ card, cards, onCard }) {
  const [more, add] = useAsk((locale) => run("marketplace", { code: card.code, locale }).then((data) => onCard(data.marketplace)));
  const known = cards.filter((each) => each.code === card.code).map((each) => each.locale);
  return html`<div class="toolbar">
      <label>Add a country site of ${card.name}
        <select value="" disabled=${more.busy} onChange=${(event) => event.target.value && add(event.target.value)}>
          <option value="">Choose ...</option>
          ${card.sites.filter((site) => !known.includes(site)).map((site) => html`<option key=${site} value=${site}>${site}</option>`)}
        </select></label>
    </div>
    ${more.error && html`<${Failure} error=${more.error} />`}`;
}

function Settings({ card, onCard }) {
  const stored = card.credentialFields.filter((field) => field.isSet).map((field) => field.name);
  const [formName, setFormName] = useState(card.credentialForms.find((each) => each.isInUse).name);
  const [values, setValues] = useState({});
  const [errors, setErrors] = useState([]);
  const [busy, work] = useAsk((task) => task());
  const form = card.credentialForms.find((each) => each.name === formName);
  const fields = card.credentialFields.filter((field) => form.fieldNames.includes(field.name));
  const input = { marketplace: card.code, locale: card.locale };
  const take = (payload) => {
    setErrors(payload.errors);
    if (payload.marketplace) onCard(payload.marketplace);
    return payload.marketplace;
  };
  const verify = async () => take((await run("verify", { input })).verifyMarketplace);
  const save = (event) => {
    event.preventDefault();
    work(async () => {
      const credentials = Object.entries(values).filter(([, value]) => value.trim()).map(([name, value]) => ({ name, value }));
      const payload = (await run("connect", { input: { ...input, credentials } })).connectMarketplace;
      const now = take(payload);
      if (payload.errors.length) return;
      setValues({});
      if (now.status === "CONNECTED") await verify(); // filled in is not proof of working
    });
  };
  const disconnect = () => {
    if (!confirm(`Erase the credentials of ${titleOf(card)}? Products and links stay.`)) return;
    setValues({});
    work(async () => take((await run("disconnect", { input })).disconnectMarketplace));
  };
  const at = (name) => errors.find((error) => Object.keys(values).filter((each) => values[each].trim()).indexOf(name) === Number(error.path[2]) && error.path[1] === "credentials");
  const others = errors.filter((error) => error.path[1] !== "credentials" && error.message !== card.health.cure);
  const isConnected = card.status === "CONNECTED";
  const needsAttention = isConnected && !["HEALTHY", "UNVERIFIED"].includes(card.health.state);
  return html`<section class="panel settings" aria-labelledby=${`title-${card.id}`}>
    <header class="row wrap">
      <h2 id=${`title-${card.id}`} class="grow">${titleOf(card)}</h2>
      <${Sandbox} mode=${card.mode} />
      ${needsAttention && html`<span class="badge warn">Needs attention</span>`}
      <span class="badge ${isConnected ? "ok" : "off"}" role="status">${isConnected ? "Connected" : "Not configured"}</span>
    </header>
    <${Health} card=${card} />
    <form class="stack" autocomplete="off" onSubmit=${save}>
      ${card.credentialForms.length > 1 && html`<fieldset class="sites"><legend class="hidden">Which keys</legend>
        ${card.credentialForms.map((each) => html`<label key=${each.name} class="chip">
          <input type="radio" checked=${each === form} onChange=${() => setFormName(each.name)} /><span>${each.label}</span></label>`)}
      </fieldset>`}
      ${fields.map((field) => html`<${Credential} key=${field.name} card=${card} field=${field} value=${values[field.name] ?? ""} error=${at(field.name)}
        onInput=${(value) => setValues({ ...values, [field.name]: value })} />`)}
      ${busy.error && html`<${Failure} error=${busy.error} />`}
      <${Failures} errors=${others} />
      <div class="row wrap">
        <button class="primary" disabled=${busy.busy || !Object.values(values).some((value) => value.trim())}>Save</button>
        <button type="button" disabled=${busy.busy || !stored.length} onClick=${() => work(verify)}>${busy.busy ? "Working ..." : "Test connection"}</button>
        <button type="button" class="danger" disabled=${busy.busy || !stored.length} onClick=${disconnect}>Disconnect</button>
      </div>
    </form>
    <${Quota} quota=${card.quota} />
  </section>`;
}

function Health({ card }) {
  const { health } = card;
  const missing = card.credentialFields.filter((field) => card.missingFields.includes(field.name)).map((field) => field.label);
  const can = card.capabilities.map(plain).join(", ");
  const isWell = health.state === "HEALTHY";
  return html`<div class="health">
    ${missing.length > 0 && html`<p class="quiet">Missing: ${missing.join(", ")}</p>`}
    ${card.status === "CONNECTED" && html`<p class=${isWell ? "good" : "problem"}>
      <strong>${isWell ? "Works" : capital(plain(health.state))}</strong>
      ${health.checkedAt && html`<span class="quiet" title=${time(health.checkedAt)}> · checked ${ago(health.checkedAt)}</span>`}
      ${health.upstreamCode && html`<span class="quiet"> · ${health.upstreamCode}</span>`}</p>`}
    ${card.status === "CONNECTED" && health.cure && html`<p class="cure">${health.cure}</p>`}
    ${can && html`<p class="quiet">Can be used for: ${can}</p>`}
  </div>`;
}

function Credential({ card, field, value, error, onInput }) {
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
    ${error && html`<p class="problem" role="alert">${error.message}</p>`}
    <div id=${`${id}-help`}><p class="quiet">${stored}</p>
      <details><summary>Where to find it</summary><p class="quiet">${field.help}</p></details></div>
  </div>`;
}

function Quota({ quota }) {
  const { limitPerDay, usedToday, resetsAt } = quota;
  return html`<div class="quota">
    ${limitPerDay && html`<progress max=${limitPerDay} value=${usedToday} aria-label="Calls of today" />`}
    <p class="quiet">${count(usedToday)} ${limitPerDay ? `of ${count(limitPerDay)} calls today` : "calls today; no published limit"} · counted anew ${time(resetsAt)}</p>
  </div>`;
}

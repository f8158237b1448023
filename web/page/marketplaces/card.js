// A marketplace's card: its health, its keys, its calls of today.
import { html, useState } from "../html.js";
import { run } from "../api.js";
import { useAsk } from "../asks.js";
import { may } from "../may.js";
import { Failure, Failures, Sandbox } from "../parts.js";
import { say } from "../texts.js";
import { ago, named, said, time, titleOf } from "../words.js";
import { Credential } from "./credential.js";
import { useCredentials } from "./credentials.js";
import { Refresh } from "./refresh.js";

export function Settings({ card, onCard }) {
  const { form, setFormName, values, setValues, others, at, busy, save, verify, disconnect } = useCredentials(card, onCard);
  const isSet = card.credentialFields.some((field) => field.isSet);
  const fields = card.credentialFields.filter((field) => form.fieldNames.includes(field.name));
  const isConnected = card.status === "CONNECTED";
  const needsAttention = isConnected && !["HEALTHY", "UNVERIFIED"].includes(card.health.state);
  const isQuiet = isConnected && !needsAttention;
  const [wasOpen] = useState(!isQuiet); // what somebody is filling in does not close under their hands
  return html`<details class="panel settings" open=${wasOpen || !isQuiet} aria-labelledby=${`title-${card.id}`}>
    <summary><span class="row wrap">
      <h2 id=${`title-${card.id}`} class="grow">${titleOf(card)}</h2>
      <${Sandbox} mode=${card.mode} />
      <span class="badge ${needsAttention ? "warn" : isConnected ? "ok" : "off"}" role="status">${needsAttention ? say("card.attention") : isConnected ? say("card.connected") : say("card.unset")}</span>
      ${isConnected && html`<span class="quiet line">${lineOf(card)}</span>`}
    </span></summary>
    <${Health} card=${card} />
    ${!isConnected && card.hasSandboxCredentials && may("SETTINGS") && html`<div><${ConnectSandbox} cards=${[card]} onCard=${onCard} /></div>`}
    ${
      may("SETTINGS") &&
      html`<form class="stack" autocomplete="off" onSubmit=${save}>
      ${
        card.credentialForms.length > 1 &&
        html`<fieldset class="sites"><legend class="hidden">${say("card.which")}</legend>
        ${card.credentialForms.map(
          (each) => html`<label key=${each.name} class="chip">
          <input type="radio" checked=${each === form} onChange=${() => setFormName(each.name)} /><span>${each.label}</span></label>`,
        )}
      </fieldset>`
      }
      ${fields.map(
        (
          field,
        ) => html`<${Credential} key=${field.name} card=${card} field=${field} value=${values[field.name] ?? ""} error=${at(field.name)}
        onInput=${(value) => setValues({ ...values, [field.name]: value })} />`,
      )}
      ${busy.error && html`<${Failure} error=${busy.error} />`}
      <${Failures} errors=${others} />
      <div class="row wrap">
        <button class="primary" disabled=${busy.busy || !Object.values(values).some((value) => value.trim())}>${say("save")}</button>
        <button type="button" disabled=${busy.busy || !isSet} onClick=${verify}>${busy.busy ? say("working") : say("card.test")}</button>
        <button type="button" class="danger" disabled=${busy.busy || !isSet} onClick=${disconnect}>${say("card.disconnect")}</button>
      </div>
    </form>`
    }
    <${Quota} quota=${card.quota} />
    ${isConnected && html`<${Refresh} card=${card} onCard=${onCard} />`}
  </details>`;
}

// Its health, its calls of today, and when it worked last.
const lineOf = ({ health, quota }) =>
  [named("health", health.state), callsOf(quota), health.lastSuccessAt && say("card.worked", { time: ago(health.lastSuccessAt) })]
    .filter(Boolean)
    .join(" · ");

const callsOf = ({ limitPerDay, usedToday }) =>
  limitPerDay ? say("calls.of", { used: usedToday, most: limitPerDay }) : say("calls.free", { n: usedToday });

function Health({ card }) {
  const { health } = card;
  const missing = card.credentialFields.filter((field) => card.missingFields.includes(field.name)).map((field) => field.label);
  const can = card.capabilities.map((code) => named("can", code)).join(", ");
  const isWell = health.state === "HEALTHY";
  return html`<div class="health">
    ${missing.length > 0 && html`<p class="quiet">${say("card.missing", { names: missing.join(", ") })}</p>`}
    ${
      card.status === "CONNECTED" &&
      html`<p class=${isWell ? "good" : "problem"}>
      <strong>${named("health", health.state)}</strong>
      ${health.checkedAt && html`<span class="quiet" title=${time(health.checkedAt)}> · ${say("card.checked", { time: ago(health.checkedAt) })}</span>`}
      ${health.upstreamCode && html`<span class="quiet"> · ${health.upstreamCode}</span>`}</p>`
    }
    ${card.status === "CONNECTED" && health.cure && html`<p class="cure">${said({ message: health.cure })}</p>`}
    ${health.warnings.map((warning) => html`<p key=${warning} class="problem">${said({ message: warning })}</p>`)}
    ${can && html`<p class="quiet">${say("card.can", { what: can })}</p>`}
  </div>`;
}

function Quota({ quota }) {
  const { limitPerDay, usedToday, resetsAt } = quota;
  return html`<div class="quota">
    ${limitPerDay && html`<progress max=${limitPerDay} value=${usedToday} aria-label=${say("card.calls")} />`}
    <p class="quiet">${callsOf(quota)} · ${say("calls.anew", { time: time(resetsAt) })}</p>
  </div>`;
}

async function connect({ code, locale }) {
  const input = { marketplace: code, locale, credentials: [], useSandboxCredentials: true };
  const { marketplace, errors } = (await run("connect", { input })).connectMarketplace;
  if (errors.length) throw errors[0];
  return marketplace;
}

// Connects this server's own sandbox in the place of marketplaces, with one click.
export function ConnectSandbox({ cards, onCard }) {
  const [state, begin] = useAsk(async () => {
    for (const card of cards) onCard(await connect(card));
  });
  return html`<button type="button" class="primary" disabled=${state.busy} onClick=${begin}>
      ${state.busy ? say("start.connecting") : say("start.sandbox", { name: cards.map(titleOf).join(", ") })}</button>
    ${state.error && html`<${Failure} error=${state.error} again=${begin} />`}`;
}

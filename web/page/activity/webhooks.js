// Webhooks: whom else is told of what happens, and what came of it.
import { html, useState } from "../html.js";
import { run } from "../api.js";
import { outdated, useAsk, useQuery } from "../asks.js";
import { Copy } from "../copy.js";
import { Dialog, Failure } from "../parts.js";
import { ago, capital, plain, time } from "../words.js";
import { KINDS } from "./kinds.js";

const REASONS = { BY_HAND: "Switched off", GONE: "Off: the address is gone", FAILING: "Off: it failed for days", KEY_ENDED: "Off: its API key ended" };
const STATES = { PENDING: "is tried again", DELIVERED: "taken", FAILED: "given up" };

export function Webhooks() {
  const { value, error, again } = useQuery("webhooks", {}, { holds: true });
  const [secret, setSecret] = useState(null);
  return html`<section aria-labelledby="webhooks">
    <h2 id="webhooks">Webhooks</h2>
    <${Make} onSecret=${setSecret} />
    ${error && html`<${Failure} error=${error} again=${again} />`}
    <ul class="tiles wide">${value?.webhooks.nodes.map((webhook) => html`<${Webhook} key=${webhook.id} webhook=${webhook} />`)}</ul>
    ${secret && html`<${Dialog} title="What signs" onClose=${() => setSecret(null)}><div class="stack">
      <p><strong>Copy it now: it is shown this once.</strong> Your program checks with it that a message is from here.</p>
      <input readonly aria-label="Secret" value=${secret} onFocus=${(event) => event.target.select()} />
      <div class="row"><${Copy} text=${secret} label="Copy secret" /></div></div></${Dialog}>`}
  </section>`;
}

function Make({ onSecret }) {
  const [url, setURL] = useState("");
  const [kind, setKind] = useState("");
  const [state, make] = useAsk(async () => {
    const events = KINDS[kind][1] ?? Object.values(KINDS).flatMap(([, types]) => types ?? []);
    const { secret, errors } = (await run("create-webhook", { url: url.trim(), events })).createWebhook;
    if (errors.length) throw errors[0];
    setURL("");
    outdated("webhooks");
    onSecret(secret);
  });
  const submit = (event) => {
    event.preventDefault();
    make();
  };
  return html`<details class="make"><summary>Tell a program or a chat</summary><form class="stack" onSubmit=${submit}>
    <label>Address <input type="url" required placeholder="https://shop.example.com/hooks" value=${url} onInput=${(event) => setURL(event.target.value)} />
      <span class="quiet">Of a program that takes POST, or of a bot or webhook of Telegram, Discord or Slack.</span></label>
    <label>Of what <select value=${kind} onChange=${(event) => setKind(event.target.value)}>${Object.entries(KINDS).map(([code, [words]]) => html`<option key=${code} value=${code}>${words}</option>`)}</select></label>
    ${state.error && html`<${Failure} error=${state.error} />`}
    <div class="row"><button class="primary" disabled=${state.busy}>Make webhook</button></div>
  </form></details>`;
}

function Webhook({ webhook }) {
  const { isEnabled, failingSince, deliveries: { nodes } } = webhook;
  const [state, toggle] = useAsk(async () => {
    const payload = isEnabled ? (await run("disable-webhook", { id: webhook.id })).disableWebhook : (await run("enable-webhook", { id: webhook.id })).enableWebhook;
    if (payload.errors.length) throw payload.errors[0];
    outdated("webhooks");
  });
  const tone = !isEnabled ? "off" : failingSince ? "warn" : "ok";
  return html`<li class="panel job">
    <div class="row"><strong class="grow cut" title=${webhook.url}>${webhook.url}</strong>
      <span class="badge ${tone}">${isEnabled ? (failingSince ? "Fails" : "On") : "Off"}</span></div>
    ${!isEnabled && html`<p class="quiet">${REASONS[webhook.disabledReason] ?? "Switched off"}</p>`}
    ${isEnabled && failingSince && html`<p class="problem">Each try failed since ${time(failingSince)}</p>`}
    ${nodes.map((each) => html`<p key=${each.id} class="quiet" title=${each.attempts.at(-1)?.error ?? each.attempts.at(-1)?.status ?? ""}>${capital(plain(each.type))}, ${ago(each.createdAt)}: ${STATES[each.state] ?? plain(each.state)}</p>`)}
    ${!nodes.length && html`<p class="quiet">Nothing was told yet.</p>`}
    <div><button type="button" disabled=${state.busy} onClick=${toggle}>${isEnabled ? "Switch off" : "Switch on"}</button></div>
    ${state.error && html`<${Failure} error=${state.error} />`}
  </li>`;
}

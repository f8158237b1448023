// Webhooks: whom else is told of what happens.
import { html, useState } from "../html.js";
import { run } from "../api.js";
import { outdated, useAsk, useQuery } from "../asks.js";
import { Copy } from "../copy.js";
import { Dialog, Failure } from "../parts.js";
import { say } from "../texts.js";
import { KINDS } from "./kinds.js";
import { Webhook } from "./webhook.js";

export function Webhooks() {
  const { value, error, again } = useQuery("webhooks", {}, { holds: true });
  const [secret, setSecret] = useState(null);
  return html`<section aria-labelledby="webhooks">
    <h2 id="webhooks">${say("hook.title")}</h2>
    <${Make} onSecret=${setSecret} />
    ${error && html`<${Failure} error=${error} again=${again} />`}
    <ul class="tiles wide">${value?.webhooks.nodes.map((webhook) => html`<${Webhook} key=${webhook.id} webhook=${webhook} />`)}</ul>
    ${
      secret &&
      html`<${Dialog} title=${say("hook.signs")} onClose=${() => setSecret(null)}><div class="stack">
      <p><strong>${say("hook.once")}</strong> ${say("hook.checks")}</p>
      <input readonly aria-label=${say("hook.secret")} value=${secret} onFocus=${(event) => event.target.select()} />
      <div class="row"><${Copy} text=${secret} label=${say("hook.copy")} /></div></div></${Dialog}>`
    }
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
  return html`<details class="make"><summary>${say("hook.new")}</summary><form class="stack" onSubmit=${submit}>
    <label>${say("hook.address")} <input type="url" required placeholder="https://shop.example.com/hooks" value=${url} onInput=${(event) => setURL(event.target.value)} />
      <span class="quiet">${say("hook.help")}</span></label>
    <label>${say("hook.what")} <select value=${kind} onChange=${(event) => setKind(event.target.value)}>${Object.entries(KINDS).map(([code, [words]]) => html`<option key=${code} value=${code}>${words}</option>`)}</select></label>
    ${state.error && html`<${Failure} error=${state.error} />`}
    <div class="row"><button class="primary" disabled=${state.busy}>${say("hook.make")}</button></div>
  </form></details>`;
}

// An API key: what it may do, when it was used, and how it is changed.
import { html, useState } from "../html.js";
import { run } from "../api.js";
import { outdated, useAsk } from "../asks.js";
import { Dialog, Failure } from "../parts.js";
import { say } from "../texts.js";
import { ago, named, said, time } from "../words.js";
import { Scopes } from "./make.js";
import { nameOf } from "./scopes.js";

export function Key({ apiKey: key, isOwn, onMade }) {
  const [isNarrowing, setNarrowing] = useState(false);
  const [state, ask] = useAsk((work) => work());
  const isActive = key.status === "ACTIVE";
  const rotate = () =>
    ask(async () => {
      const { key: text, apiKey, errors } = (await run("rotate-key", { input: { id: key.id } })).rotateApiKey;
      if (errors.length) throw errors[0];
      onMade({ name: apiKey.name, text });
    });
  const revoke = () => {
    const sure = `${say("key.revoke", { name: key.name })} ${say(isOwn ? "key.own" : "key.others")}`;
    if (confirm(sure)) ask(async () => take((await run("revoke-key", { input: { id: key.id } })).revokeApiKey));
  };
  return html`<li>
    <div class="row wrap"><h3 class="grow">${key.name}</h3>
      ${isOwn && html`<span class="badge off">${say("key.this")}</span>`}
      <span class="badge ${isActive ? "ok" : "off"}">${named("keystatus", key.status)}</span></div>
    <p class="quiet"><code>${key.prefix}…${key.lastFour}</code> · ${key.scopes.map(nameOf).join(", ")}</p>
    <p class="quiet">${factsOf(key).join(" · ")}</p>
    ${key.origins.length > 0 && html`<p class="quiet">${say("key.for", { pages: key.origins.join(", ") })}</p>`}
    ${key.warning && html`<p class="cure">${said({ message: key.warning })}</p>`}
    ${
      isActive &&
      html`<div class="row wrap">
      <button type="button" title=${say("key.replace.help")} disabled=${state.busy} onClick=${rotate}>${say("key.replace")}</button>
      ${key.scopes.length > 1 && html`<button type="button" disabled=${state.busy} onClick=${() => setNarrowing(true)}>${say("key.narrow")}</button>`}
      <button type="button" class="danger" disabled=${state.busy} onClick=${revoke}>${say("key.take")}</button></div>`
    }
    ${state.error && html`<${Failure} error=${state.error} />`}
    ${isNarrowing && html`<${Narrow} apiKey=${key} onClose=${() => setNarrowing(false)} />`}
  </li>`;
}

function take({ errors }) {
  if (errors.length) throw errors[0];
  outdated("keys");
}

function factsOf({ createdAt, expiresAt, lastUsedAt, revokedAt, marketplaceCallsPerDay: most, marketplaceCallsToday: calls }) {
  return [
    say("key.made", { time: ago(createdAt) }),
    lastUsedAt ? say("key.used", { time: ago(lastUsedAt) }) : say("key.unused"),
    revokedAt ? say("key.revoked", { time: ago(revokedAt) }) : expiresAt && say("key.ends", { time: time(expiresAt) }),
    most !== null && say("key.calls", { used: calls ?? 0, most }),
  ].filter(Boolean);
}

function Narrow({ apiKey, onClose }) {
  const [scopes, setScopes] = useState(new Set(apiKey.scopes));
  const [state, save] = useAsk(async () => {
    take((await run("narrow-key", { input: { id: apiKey.id, scopes: [...scopes] } })).narrowApiKey);
    onClose();
  });
  const submit = (event) => {
    event.preventDefault();
    save();
  };
  return html`<${Dialog} title=${say("key.may", { name: apiKey.name })} onClose=${onClose}><form class="stack" onSubmit=${submit}>
    <p class="quiet">${say("key.may.help")}</p>
    <${Scopes} from=${apiKey.scopes} chosen=${scopes} onChange=${setScopes} />
    ${state.error && html`<${Failure} error=${state.error} />`}
    <div class="row end"><button class="primary" disabled=${state.busy || !scopes.size || scopes.size === apiKey.scopes.length}>${say("key.narrow")}</button></div>
  </form></${Dialog}>`;
}

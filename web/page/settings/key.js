// An API key: what it may do, when it was used, and how it is changed.
import { html, useState } from "../html.js";
import { run } from "../api.js";
import { outdated, useAsk } from "../asks.js";
import { Dialog, Failure } from "../parts.js";
import { ago, capital, count, plain, said, time } from "../words.js";
import { Scopes } from "./make.js";
import { nameOf } from "./scopes.js";

export function Key({ apiKey: key, isOwn, onMade }) {
  const [isNarrowing, setNarrowing] = useState(false);
  const [state, ask] = useAsk((work) => work());
  const isActive = key.status === "ACTIVE";
  const rotate = () => ask(async () => {
    const { key: text, apiKey, errors } = (await run("rotate-key", { input: { id: key.id } })).rotateApiKey;
    if (errors.length) throw errors[0];
    onMade({ name: apiKey.name, text });
  });
  const revoke = () => {
    const also = isOwn ? " You signed in with it: your session ends." : " What uses it stops working at once.";
    if (confirm(`Take back the key “${key.name}”?${also}`)) ask(async () => take((await run("revoke-key", { input: { id: key.id } })).revokeApiKey));
  };
  return html`<li>
    <div class="row wrap"><h3 class="grow">${key.name}</h3>
      ${isOwn && html`<span class="badge off">This session</span>`}
      <span class="badge ${isActive ? "ok" : "off"}">${capital(plain(key.status))}</span></div>
    <p class="quiet"><code>${key.prefix}…${key.lastFour}</code> · ${key.scopes.map(nameOf).join(", ")}</p>
    <p class="quiet">${factsOf(key).join(" · ")}</p>
    ${key.origins.length > 0 && html`<p class="quiet">For ${key.origins.join(", ")}</p>`}
    ${key.warning && html`<p class="cure">${said({ message: key.warning })}</p>`}
    ${isActive && html`<div class="row wrap">
      <button type="button" title="A new key that may do the same; this one goes on for a day." disabled=${state.busy} onClick=${rotate}>Replace</button>
      ${key.scopes.length > 1 && html`<button type="button" disabled=${state.busy} onClick=${() => setNarrowing(true)}>Narrow</button>`}
      <button type="button" class="danger" disabled=${state.busy} onClick=${revoke}>Revoke</button></div>`}
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
    `made ${ago(createdAt)}`,
    lastUsedAt ? `last used ${ago(lastUsedAt)}` : "never used",
    revokedAt ? `revoked ${ago(revokedAt)}` : expiresAt && `ends ${time(expiresAt)}`,
    most !== null && `${count(calls ?? 0)} of ${count(most)} calls of marketplaces today`,
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
  return html`<${Dialog} title="What “${apiKey.name}” may do" onClose=${onClose}><form class="stack" onSubmit=${submit}>
    <p class="quiet">What is taken away cannot be given back; the key itself stays the same.</p>
    <${Scopes} from=${apiKey.scopes} chosen=${scopes} onChange=${setScopes} />
    ${state.error && html`<${Failure} error=${state.error} />`}
    <div class="row end"><button class="primary" disabled=${state.busy || !scopes.size || scopes.size === apiKey.scopes.length}>Narrow</button></div>
  </form></${Dialog}>`;
}

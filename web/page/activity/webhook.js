// A webhook: whether it is told anything, a test of it, and the log of what it was told.
import { html } from "../html.js";
import { run } from "../api.js";
import { outdated, useAsk } from "../asks.js";
import { Failure } from "../parts.js";
import { say } from "../texts.js";
import { ago, named, time } from "../words.js";

function good(payload) {
  if (payload.errors.length) throw payload.errors[0];
  return payload;
}

const outcome = ({ status, milliseconds, error }) =>
  status === null ? say("hook.unanswered", { error }) : say("hook.answered", { status: String(status), ms: milliseconds });

export function Webhook({ webhook }) {
  const {
    id,
    url,
    isEnabled,
    failingSince,
    deliveries: { nodes },
  } = webhook;
  const [state, ask] = useAsk(async (work) => {
    const told = await work();
    outdated("webhooks");
    return told;
  });
  const toggle = async () =>
    void good(isEnabled ? (await run("disable-webhook", { id })).disableWebhook : (await run("enable-webhook", { id })).enableWebhook);
  const test = async () => outcome(good((await run("test-webhook", { id })).testWebhook).attempt);
  const remove = async () => void good((await run("delete-webhook", { id })).deleteWebhook);
  const button = (key, work, tone = "") =>
    html`<button type="button" class=${tone} disabled=${state.busy} onClick=${() => ask(work)}>${say(key)}</button>`;
  const tone = !isEnabled ? "off" : failingSince ? "warn" : "ok";
  return html`<li class="panel job">
    <div class="row"><strong class="grow cut" title=${url}>${url}</strong>
      <span class="badge ${tone}">${say(isEnabled ? (failingSince ? "hook.fails" : "hook.on") : "hook.off")}</span></div>
    ${!isEnabled && html`<p class="quiet">${say(`hook.${webhook.disabledReason ?? "BY_HAND"}`)}</p>`}
    ${isEnabled && failingSince && html`<p class="problem">${say("hook.failing", { time: time(failingSince) })}</p>`}
    <div class="row wrap">${button("hook.test", test)} ${button(isEnabled ? "hook.disable" : "hook.enable", toggle)}
      <button type="button" class="danger" disabled=${state.busy} onClick=${() => confirm(say("hook.sure", { url })) && ask(remove)}>${say("hook.delete")}</button></div>
    <p role="status" class="quiet">${state.value ?? ""}</p>
    ${state.error && html`<${Failure} error=${state.error} />`}
    ${!nodes.length && html`<p class="quiet">${say("hook.nothing")}</p>`}
    ${nodes.length > 0 && html`<details><summary>${say("hook.log")}</summary><ul class="log">${nodes.map((each) => html`<${Delivery} key=${each.id} delivery=${each} />`)}</ul></details>`}
  </li>`;
}

function Delivery({ delivery: { id, type, state, createdAt, nextTryAt, attempts } }) {
  const [sent, send] = useAsk(async () => {
    good((await run("redeliver", { id })).redeliver);
    outdated("webhooks");
  });
  const last = attempts.at(-1);
  return html`<li>
    <p>${named("eventname", type)} <span class="quiet">${ago(createdAt)}, ${say(`hook.${state}`, { time: nextTryAt ? time(nextTryAt) : "" })}</span></p>
    ${last && html`<p class="quiet">${outcome(last)}</p>`}
    ${state !== "PENDING" && html`<button type="button" class="plain small" disabled=${sent.busy} onClick=${send}>${say("hook.again")}</button>`}
    ${sent.error && html`<${Failure} error=${sent.error} />`}
  </li>`;
}

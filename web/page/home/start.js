// The first steps, until all of them are done.
import { html } from "../html.js";
import { run } from "../api.js";
import { useAsk } from "../asks.js";
import { link } from "../address.js";
import { may } from "../may.js";
import { Failure } from "../parts.js";
import { say } from "../texts.js";

export function Start({ cards, numbers, onCard }) {
  const isConnected = cards.some((card) => card.status === "CONNECTED");
  const steps = [
    { done: isConnected, title: say("start.connect"), action: html`<${Connect} cards=${cards} onCard=${onCard} />` },
    {
      done: numbers.products > 0,
      title: say("start.import"),
      action: html`<a href=${link("explore")}>${say("start.search")}</a> <span class="quiet">${say("start.paste")}</span>`,
    },
    { done: numbers.affiliateLinks > 0, title: say("start.link"), action: html`<a href=${link("links")}>${say("start.links")}</a>` },
  ];
  if (steps.every((step) => step.done)) return null;
  const next = steps.find((step) => !step.done);
  return html`<section class="panel" aria-labelledby="start">
    <h2 id="start">${say("start.title")}</h2>
    <ol class="steps">${steps.map(
      (step) => html`<li key=${step.title} class=${step.done ? "is-done" : ""}>
      <p><strong>${step.title}</strong>${step.done && html`<span class="good"> ${say("start.done")}</span>`}</p>
      ${step === next && html`<div class="row wrap">${step.action}</div>`}
    </li>`,
    )}</ol>
  </section>`;
}

function Connect({ cards, onCard }) {
  const card = cards.find((each) => each.hasSandboxCredentials);
  const [state, connect] = useAsk(async () => {
    const input = { marketplace: card.code, locale: card.locale, credentials: [], useSandboxCredentials: true };
    const { marketplace, errors } = (await run("connect", { input })).connectMarketplace;
    if (errors.length) throw errors[0];
    onCard(marketplace);
  });
  return html`
    ${card && may("SETTINGS") && html`<button type="button" class="primary" disabled=${state.busy} onClick=${connect}>${state.busy ? say("start.connecting") : say("start.sandbox", { name: card.name })}</button>`}
    <a href=${link("marketplaces")}>${say("start.own")}</a>
    ${state.error && html`<${Failure} error=${state.error} again=${connect} />`}`;
}

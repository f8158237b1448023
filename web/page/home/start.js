// The first steps, until all of them are done.
import { html } from "../html.js";
import { link } from "../address.js";
import { may } from "../may.js";
import { ConnectSandbox } from "../marketplaces/card.js";
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
  const boxed = cards.filter((card) => card.hasSandboxCredentials);
  return html`
    ${boxed.length > 0 && may("SETTINGS") && html`<${ConnectSandbox} cards=${boxed} onCard=${onCard} />`}
    <a href=${link("marketplaces")}>${say("start.own")}</a>`;
}

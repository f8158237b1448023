// Watches: what is waited for, and of how many products it came.
import { html } from "../html.js";
import { link } from "../address.js";
import { run } from "../api.js";
import { outdated, useAsk, useQuery } from "../asks.js";
import { may } from "../may.js";
import { shown } from "../money.js";
import { Failure } from "../parts.js";
import { say } from "../texts.js";
import { plain } from "../words.js";
import { Watching } from "./watching.js";

export function Watches({ cards }) {
  const { value, error, again } = useQuery("watches", {}, { holds: true });
  const watches = value?.watches.nodes;
  return html`<section aria-labelledby="watches">
    <h2 id="watches">${say("watch.title")}</h2>
    ${may("IMPORT") && html`<details class="make"><summary>${say("watch.new")}</summary><${Watching} cards=${cards} /></details>`}
    ${error && html`<${Failure} error=${error} again=${again} />`}
    ${watches?.length === 0 && html`<p class="empty small">${say("watch.none")}</p>`}
    <ul class="tiles wide">${watches?.map((watch) => html`<${Watch} key=${watch.id} watch=${watch} cards=${cards} />`)}</ul>
  </section>`;
}

const waitsFor = ({ kind, price, percent, days }) => say(`watch.${kind}`, { price: shown(price), percent, n: days ?? 1 });

// Of which products it waits: those it names, or what its filter asks, in words.
function Whose({ watch: { productIds, product, conditions }, cards }) {
  const number = productIds?.length;
  if (number) {
    return say("watch.of", {
      what: product ? html`<a href=${link("product", { id: product.id })}>${product.title}</a>` : say("watch.products", { n: number }),
    });
  }
  const asked = (conditions ?? []).map((condition) => {
    const [name, value] = [condition.slice(0, condition.indexOf("=")), condition.slice(condition.indexOf("=") + 1)];
    if (name === "marketplace") return cards.find((card) => card.code === value)?.name ?? value;
    return name === "text" ? `“${value}”` : `${plain(name)}: ${value}`;
  });
  return say("watch.of", { what: asked.join(", ") || say("watch.all") });
}

function Watch({ watch, cards }) {
  const { id, firedCount: fired } = watch;
  const [state, ask] = useAsk(async (name) => {
    const { errors } = name === "rearm" ? (await run("rearm-watch", { id })).rearmWatch : (await run("delete-watch", { id })).deleteWatch;
    if (errors.length) throw errors[0];
    outdated("watches");
  });
  return html`<li class="panel job">
    <strong>${waitsFor(watch)}</strong>
    <p class="quiet"><${Whose} watch=${watch} cards=${cards} /></p>
    <p class=${fired ? "good" : "quiet"}>${fired ? say("watch.fired", { n: fired }) : say("watch.armed")}</p>
    ${
      may("IMPORT") &&
      html`<div class="row wrap">
      ${fired > 0 && html`<button type="button" disabled=${state.busy} onClick=${() => ask("rearm")}>${say("watch.rearm")}</button>`}
      <button type="button" class="danger" disabled=${state.busy} onClick=${() => ask("delete")}>${say("watch.delete")}</button></div>`
    }
    ${state.error && html`<${Failure} error=${state.error} />`}
  </li>`;
}

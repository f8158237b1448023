// Activity: work that goes on by itself, and what happened, as it comes.
import { html } from "../html.js";
import { here } from "../address.js";
import { Choice } from "../fields.js";
import { may } from "../may.js";
import { Failure } from "../parts.js";
import { say } from "../texts.js";
import { said } from "../words.js";
import { Event } from "./event.js";
import { useEvents } from "./events.js";
import { Jobs } from "./jobs.js";
import { KINDS } from "./kinds.js";
import { Watches } from "./watches.js";
import { Webhooks } from "./webhooks.js";

export function Activity({ cards }) {
  return html`
    <h1>${say("screen.activity")}</h1>
    <div class="home">
      <${Jobs} title=${say("job.title")} />
      <${Events} />
      <${Watches} cards=${cards} />
      ${may("SETTINGS") && html`<${Webhooks} />`}
    </div>`;
}

function Events() {
  const { kind = "" } = here().values;
  const { events, hasOlder, older, hearing, busy, error, again } = useEvents(kind);
  return html`<section aria-labelledby="events">
    <div class="toolbar">
      <h2 id="events" class="grow">${say("events.title")}</h2>
      <${Choice} name="kind" label=${say("events.kind")} value=${kind} options=${Object.entries(KINDS).map(([code, [words]]) => [code, words])} />
    </div>
    ${error && html`<${Failure} error=${error} again=${again} />`}
    ${!events && busy && html`<div class="skeleton tall" aria-busy="true" aria-label=${say("loading.name")} />`}
    ${events && html`<p class="quiet" role="status">${hearing.hears ? say("events.hears") : say("events.deaf", { why: hearing.error ? `: ${said(hearing.error)}` : "." })}</p>`}
    ${events && !events.length && html`<p class="empty">${kind ? say("events.none") : say("events.first")}</p>`}
    <ul class="events" id="results" tabindex="-1" aria-live="polite">${events?.map((event) => html`<${Event} key=${event.id} event=${event} />`)}</ul>
    ${hasOlder && html`<div class="pager"><button type="button" disabled=${older.busy} onClick=${older.ask}>${older.busy ? say("loading") : say("events.older")}</button></div>`}
    ${older.error && html`<${Failure} error=${older.error} again=${older.ask} />`}
  </section>`;
}

// Jobs: how far they are, with an end at will.
import { html, useEffect, useRef } from "../html.js";
import { download, run } from "../api.js";
import { outdated, useAsk, useQuery } from "../asks.js";
import { Failure } from "../parts.js";
import { say } from "../texts.js";
import { ago, named, time } from "../words.js";
import { jobName } from "./event.js";

const SHOWN = 10;
const LOOK_EVERY = 2_000; // milliseconds, while one goes on
export const isOpen = (job) => job.status === "QUEUED" || job.status === "RUNNING";

// `shows`: which of them; `onEnd`: told when none goes on any more.
export function Jobs({ title, shows = () => true, onEnd }) {
  const { value, error, again } = useQuery("jobs", { first: SHOWN }, { holds: true });
  const jobs = (value?.jobs.nodes ?? []).filter(shows);
  const goesOn = jobs.some(isOpen);
  useEffect(() => {
    if (!goesOn) return undefined;
    const timer = setInterval(() => document.hidden || outdated("jobs"), LOOK_EVERY);
    return () => clearInterval(timer);
  }, [goesOn]);
  const wentOn = useRef(false);
  useEffect(() => {
    if (wentOn.current && !goesOn) onEnd?.();
    wentOn.current = goesOn;
  }, [goesOn]);
  if (!jobs.length && !error) return null;
  return html`<section aria-labelledby="jobs">
    <h2 id="jobs">${title}</h2>
    ${error && html`<${Failure} error=${error} again=${again} />`}
    <ul class="tiles wide">${jobs.map((job) => html`<${Job} key=${job.id} job=${job} />`)}</ul>
  </section>`;
}

function Job({ job }) {
  const { total, done, failed } = job.progress;
  const [state, ask] = useAsk(async (name) => {
    const payload =
      name === "cancel" ? (await run("cancel-job", { id: job.id })).cancelJob : (await run("retry-job", { id: job.id })).retryJob;
    if (payload.errors.length) throw payload.errors[0];
    outdated("jobs");
  });
  const [file, save] = useAsk(() => download(job.url));
  const canRetry = !isOpen(job) && (failed > 0 || done < total);
  return html`<li class="panel job">
    <div class="row"><strong class="grow">${jobName(job)}</strong>
      <span class="badge ${{ SUCCEEDED: "ok", FAILED: "warn" }[job.status] ?? "off"}">${named("jobstatus", job.status)}</span></div>
    ${isOpen(job) && html`<progress max=${total} value=${done} aria-label=${say("job.progress", { job: jobName(job) })} />`}
    <p class="quiet">${say("job.done", { done, n: total })}${failed ? html`, <span class="problem">${say("job.failed", { n: failed })}</span>` : ""}</p>
    <p class="quiet" title=${time(job.finishedAt ?? job.createdAt)}>${job.finishedAt ? say("job.ended", { time: ago(job.finishedAt) }) : say("job.begunAt", { time: ago(job.createdAt) })}</p>
    ${job.goesOnAt && html`<p class="quiet">${say("job.waits", { time: time(job.goesOnAt) })}</p>`}
    ${isOpen(job) && html`<div><button type="button" disabled=${state.busy} onClick=${() => ask("cancel")}>${say("cancel")}</button></div>`}
    ${canRetry && html`<div><button type="button" disabled=${state.busy} onClick=${() => ask("retry")}>${job.status === "CANCELLED" ? say("job.goOn") : say("job.retry")}</button></div>`}
    ${job.url && html`<div><button type="button" disabled=${file.busy} onClick=${() => save()}>${say("export.download")}</button></div>`}
    ${file.value?.leftOut && html`<p class="quiet">${file.value.leftOut}</p>`}
    ${[state, file].map(({ error }) => error && html`<${Failure} error=${error} />`)}
  </li>`;
}

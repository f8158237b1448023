// How many calls a day keep the products of a connection fresh by themselves.
import { html, useState } from "../html.js";
import { run } from "../api.js";
import { useAsk } from "../asks.js";
import { may } from "../may.js";
import { Failure, Failures } from "../parts.js";
import { say } from "../texts.js";
import { time } from "../words.js";

const told = ({ state, usedToday, callsPerDay, nextAt }) =>
  say(`refresh.${state}`, { used: usedToday, most: callsPerDay ?? 0, time: nextAt ? time(nextAt) : "" });

export function Refresh({ card, onCard }) {
  const { refreshPolicy: policy } = card;
  const [typed, setTyped] = useState(null); // null: as it is stored
  const [errors, setErrors] = useState([]);
  const [busy, work] = useAsk((task) => task());
  const save = (event) => {
    event.preventDefault();
    work(async () => {
      const input = { marketplace: card.code, locale: card.locale, callsPerDay: Number(typed) };
      const payload = (await run("refresh", { input })).setRefreshPolicy;
      setErrors(payload.errors);
      if (payload.errors.length) return;
      setTyped(null);
      onCard(payload.marketplace);
    });
  };
  return html`<form class="stack" onSubmit=${save}>
    ${
      may("SETTINGS") &&
      html`<div class="row wrap">
      <label>${say("refresh.calls")}
        <input type="number" min="0" max="1000000" step="1" placeholder=${say("refresh.none")}
          value=${typed ?? policy.callsPerDay ?? ""} onInput=${(event) => setTyped(event.target.value)} /></label>
      ${typed !== null && html`<button disabled=${busy.busy}>${say("refresh.set")}</button>`}
    </div>`
    }
    <p class="quiet" role="status">${told(policy)} ${say("refresh.first")}</p>
    ${busy.error && html`<${Failure} error=${busy.error} />`}
    <${Failures} errors=${errors} />
  </form>`;
}

// How many calls a day keep the products of a connection fresh by themselves.
import { html, useState } from "../html.js";
import { run } from "../api.js";
import { useAsk } from "../asks.js";
import { may } from "../may.js";
import { Failure, Failures } from "../parts.js";
import { count, time } from "../words.js";

const STATES = {
  OFF: () => "Nothing is refreshed by itself.",
  ACTIVE: ({ usedToday, callsPerDay }) => `${count(usedToday)} of ${count(callsPerDay)} calls a day made.`,
  DAY_USED_UP: ({ nextAt }) => `The calls of today are made. It goes on ${time(nextAt)}.`,
  PAUSED: ({ nextAt }) => `It rests, since the last call brought nothing. It is tried again ${time(nextAt)}.`,
};

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
    ${may("SETTINGS") && html`<div class="row wrap">
      <label>Calls a day for refreshing
        <input type="number" min="0" max="1000000" step="1" placeholder="off"
          value=${typed ?? policy.callsPerDay ?? ""} onInput=${(event) => setTyped(event.target.value)} /></label>
      ${typed !== null && html`<button disabled=${busy.busy}>Set calls a day</button>`}
    </div>`}
    <p class="quiet" role="status">${STATES[policy.state](policy)} Products with a link or a selling price come first where a look is worth most.</p>
    ${busy.error && html`<${Failure} error=${busy.error} />`}
    <${Failures} errors=${errors} />
  </form>`;
}

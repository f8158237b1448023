// Prices that were really seen, as a small line. Between two of them nothing is known.
import { html, useEffect } from "../html.js";
import { run } from "../api.js";
import { useAsk } from "../asks.js";
import { shown } from "../money.js";
import { Failure } from "../parts.js";
import { plural, time } from "../words.js";

const WIDTH = 600;
const HEIGHT = 120;
const EDGE = 10;

// `syncedAt`: asked anew when it changes.
export function PriceChart({ id, syncedAt }) {
  const [state, load] = useAsk(() => run("history", { by: { id } }).then((data) => data.product.priceHistory.nodes));
  useEffect(() => {
    load();
  }, [id, syncedAt]);
  if (state.error) return html`<${Failure} error=${state.error} again=${load} />`;
  if (!state.value) return html`<p class="quiet">Loading ...</p>`;
  const seen = [...state.value].reverse();
  if (!seen.length) return html`<p class="quiet">No price was seen yet.</p>`;
  if (seen.length === 1) {
    const [only] = seen;
    return html`<p class="quiet history-alone">One price seen so far: ${shown(only.price)} on ${time(only.observedAt)}. A sync that finds another one adds it.</p>`;
  }
  const points = placed(seen);
  const last = seen.at(-1);
  const words = `${plural(seen.length, "price")} seen, from ${shown(seen[0].price)} on ${time(seen[0].observedAt)} to ${shown(last.price)} on ${time(last.observedAt)}`;
  return html`<figure class="chart">
    <svg viewBox="0 0 ${WIDTH} ${HEIGHT}" role="img" aria-label=${words}>
      <polyline points=${points.map(([x, y]) => `${x},${y}`).join(" ")} />
      ${points.map(([x, y], n) => html`<circle key=${n} cx=${x} cy=${y} r="4"><title>${shown(seen[n].price)}, ${time(seen[n].observedAt)}</title></circle>`)}
    </svg>
    <figcaption class="quiet">${words}.</figcaption>
  </figure>`;
}

// Where each price stands in the picture: time to the right, price upwards. A drawing needs no
// exact amounts, so this is the one place where they become floats.
function placed(seen) {
  const times = seen.map((each) => Date.parse(each.observedAt));
  const amounts = seen.map((each) => Number(each.price.amount));
  return seen.map((_, n) => [
    EDGE + share(times[n], times) * (WIDTH - 2 * EDGE),
    HEIGHT - EDGE - share(amounts[n], amounts) * (HEIGHT - 2 * EDGE),
  ]);
}

function share(value, all) {
  const least = Math.min(...all);
  const range = Math.max(...all) - least;
  return range ? (value - least) / range : 0.5;
}

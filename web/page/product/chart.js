// Prices that were really seen: each holds until the next one was seen, so the line goes in steps.
import { html, useEffect, useRef } from "../html.js";
import { LANGUAGE } from "../language.js";
import { shown } from "../money.js";
import { say } from "../texts.js";
import { time } from "../words.js";

const HEIGHT = 220;
const MONTH = 30 * 86_400_000;

export function PriceChart({ seen }) {
  if (!seen.length) return html`<p class="quiet">${say("chart.none")}</p>`;
  if (seen.length === 1) {
    return html`<p class="quiet">${say("chart.one", { price: shown(seen[0].price), time: time(seen[0].observedAt) })}</p>`;
  }
  const last = seen.at(-1);
  const words = say("chart.words", {
    n: seen.length,
    first: shown(seen[0].price),
    begin: time(seen[0].observedAt),
    last: shown(last.price),
    end: time(last.observedAt),
  });
  return html`<figure class="chart">
    <${Drawing} seen=${seen} words=${words} />
    <figcaption class="quiet">${words}. ${lowest(seen)}</figcaption>
    <details><summary>${say("chart.table")}</summary><table class="prices">
      <thead><tr><th scope="col">${say("chart.seen")}</th><th scope="col">${say("row.price")}</th></tr></thead>
      <tbody>${seen.map((each) => html`<tr key=${each.observedAt}><td>${time(each.observedAt)}</td><td>${shown(each.price)}</td></tr>`)}</tbody>
    </table></details>
  </figure>`;
}

// A drawing needs no exact amounts: here alone they become floats.
const height = (each) => Number(each.price.amount);

function lowest(seen) {
  const recent = seen.filter((each) => Date.now() - Date.parse(each.observedAt) < MONTH);
  if (!recent.length) return "";
  const least = recent.reduce((one, other) => (height(other) < height(one) ? other : one));
  return say("chart.lowest", { price: shown(least.price) });
}

// Where the library that draws is missing, caption and table stay.
function Drawing({ seen, words }) {
  const place = useRef(null);
  useEffect(() => {
    let chart = null;
    let isClosed = false;
    const size = () => ({ width: place.current.clientWidth, height: HEIGHT });
    const watch = new ResizeObserver(() => chart?.setSize(size()));
    import("../uplot.js").then(
      ({ default: Plot }) => {
        if (isClosed) return;
        dress();
        chart = new Plot({ ...options(Plot, place.current, seen[0].price.currencyCode), ...size() }, dataOf(seen), place.current);
        watch.observe(place.current);
      },
      () => {},
    );
    return () => {
      isClosed = true;
      watch.disconnect();
      chart?.destroy();
    };
  }, [seen]);
  return html`<div class="drawing" ref=${place} role="img" aria-label=${words} />`;
}

// The library's own style sheet, asked for with it.
function dress() {
  const href = new URL("../uplot.css", import.meta.url).href;
  if (document.querySelector(`link[href="${href}"]`)) return;
  document.head.append(Object.assign(document.createElement("link"), { rel: "stylesheet", href }));
}

const dataOf = (seen) => [seen.map((each) => Date.parse(each.observedAt) / 1000), seen.map(height)];

function options(Plot, element, currency) {
  const colour = (name) => {
    element.style.color = `var(${name})`; // a canvas wants it worked out for the present scheme
    return getComputedStyle(element).color;
  };
  const money = (value) => (value === null ? "" : new Intl.NumberFormat(LANGUAGE, { style: "currency", currency }).format(value));
  const axis = { stroke: colour("--quiet"), grid: { stroke: colour("--line"), width: 1 }, ticks: { stroke: colour("--line") } };
  return {
    legend: { live: true },
    axes: [axis, { ...axis, size: 72, values: (_, values) => values.map(money) }],
    series: [
      { label: say("chart.seen"), value: (_, seconds) => (seconds === null ? "" : time(new Date(seconds * 1000).toISOString())) },
      {
        label: say("row.price"),
        stroke: colour("--accent"),
        width: 2,
        paths: Plot.paths.stepped({ align: 1 }),
        points: { show: true, size: 6, fill: colour("--accent") },
        value: (_, value) => money(value),
      },
    ],
  };
}

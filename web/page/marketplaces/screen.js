// Marketplaces: a settings card for each, saved on its own. A stored secret is never shown again.
import { html } from "../html.js";
import { run } from "../api.js";
import { useAsk } from "../asks.js";
import { may } from "../may.js";
import { Failure } from "../parts.js";
import { Settings } from "./card.js";
import { say } from "../texts.js";

export function Marketplaces({ cards, onCard }) {
  const withSites = cards.filter((card) => card.locale === card.sites[0]);
  return html`
    <h1>${say("screen.marketplaces")}</h1>
    <div class="cards">${cards.map((card) => html`<${Settings} key=${card.id} card=${card} onCard=${onCard} />`)}</div>
    ${may("SETTINGS") && withSites.map((card) => html`<${Sites} key=${card.id} card=${card} cards=${cards} onCard=${onCard} />`)}`;
}

// Opens the card of another country site of a marketplace.
function Sites({ card, cards, onCard }) {
  const [more, add] = useAsk((locale) => run("marketplace", { code: card.code, locale }).then((data) => onCard(data.marketplace)));
  const known = cards.filter((each) => each.code === card.code).map((each) => each.locale);
  return html`<div class="toolbar">
      <label>${say("sites.add", { name: card.name })}
        <select value="" disabled=${more.busy} onChange=${(event) => event.target.value && add(event.target.value)}>
          <option value="">${say("sites.choose")}</option>
          ${card.sites.filter((site) => !known.includes(site)).map((site) => html`<option key=${site} value=${site}>${site}</option>`)}
        </select></label>
    </div>
    ${more.error && html`<${Failure} error=${more.error} />`}`;
}

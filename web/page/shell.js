// What stands around every screen: which one is open, and what all of them share.
import { html, useEffect } from "./html.js";
import { link, useAddress } from "./address.js";
import { address } from "./api.js";
import { useQuery } from "./asks.js";
import { saveAll, useWaiting } from "./drafts.js";
import { kept } from "./kept.js";
import { may } from "./may.js";
import { Failure } from "./parts.js";
import { Paste } from "./paste/box.js";
import { SCREENS } from "./screens.js";
import { say } from "./texts.js";

export function Shell({ who, onSignOut }) {
  const { screen, values } = useAddress();
  const { value, error, again, change } = useQuery("marketplaces", {});
  const cards = value?.marketplaces;
  const searchable = cards?.filter((card) => card.capabilities.includes("SEARCH")) ?? [];
  const names = Object.keys(SCREENS).filter((each) => SCREENS[each].isOpen({ searchable }));
  const name = names.includes(screen) ? screen : names[0];
  const title = SCREENS[name].title;
  useEffect(showCurrent, [name, Boolean(cards)]);
  if (screen === name) kept.places = { ...kept.places, [name]: link(name, values) }; // where the menu leads back to
  useEffect(() => {
    if (cards) document.title = `${title} · Affiliate Graph`;
    if (cards && screen !== name) history.replaceState(null, "", `#${name}`); // it stays open when others appear
  });
  if (!cards && error) return html`<main class="pad"><${Failure} error=${error} again=${again} /></main>`;
  if (!cards) return html`<p class="quiet pad">${say("loading")}</p>`;
  const onCard = (card) => change((now) => ({ marketplaces: replaced(now.marketplaces, card) }));
  return html`
    <a class="skip" href="#main" onClick=${skip}>${say("skip")}</a>
    <${Header} names=${names} name=${name} cards=${cards} who=${who} onSignOut=${onSignOut} />
    <main id="main" tabindex="-1">
      ${may("READ") && html`<${Paste} />`}
      <${Unsaved} />
      <${SCREENS[name].View} cards=${cards} searchable=${searchable} onCard=${onCard} />
    </main>
    <${Footer} cards=${cards} />`;
}

const replaced = (cards, card) =>
  cards.some((known) => known.id === card.id) ? cards.map((known) => (known.id === card.id ? card : known)) : [...cards, card];

// On a narrow screen the menu is scrolled. Not by scrollIntoView: Tab would begin there then, behind the skip link.
function showCurrent() {
  /** @type {HTMLElement | null} */
  const current = document.querySelector("nav [aria-current]");
  const menu = current?.parentElement;
  if (menu) menu.scrollLeft = current.offsetLeft - (menu.clientWidth - current.offsetWidth) / 2;
}

function skip(event) {
  event.preventDefault(); // the fragment names the screen
  document.getElementById("main").focus();
}

// What was typed and could not be saved, also where its row is not shown.
function Unsaved() {
  const waiting = useWaiting();
  if (!waiting.length) return null;
  return html`<div class="notice bad unsaved-bar" role="status">
    <p>${say("unsaved", { n: waiting.length })}</p>
    <button type="button" onClick=${saveAll}>${say("unsaved.save")}</button>
  </div>`;
}

function Header({ names, name, cards, who, onSignOut }) {
  const boxed = cards.filter((card) => card.mode === "SANDBOX").map((card) => card.name);
  return html`
    ${
      boxed.length > 0 &&
      html`<p class="sandbox-bar" role="note">
      <strong>SANDBOX</strong> ${say("boxed", { names: [...new Set(boxed)].join(", ") })}</p>`
    }
    <header class="top">
      <a class="brand" href="#${names[0]}"><span class="mark" aria-hidden="true" /> Affiliate Graph</a>
      <nav aria-label=${say("screens")}>
        ${names.filter((each) => SCREENS[each].inMenu).map((each) => html`<a key=${each} href=${(each !== name && kept.places?.[each]) || `#${each}`} aria-current=${each === name ? "page" : null}>${SCREENS[each].title}</a>`)}
      </nav>
      <div class="who">
        <a href=${address("/graphql")}>GraphiQL</a>
        <button type="button" class="plain" title=${say("door.who", { name: who.name })} onClick=${onSignOut}>${say("door.out")}</button>
      </div>
    </header>`;
}

function Footer({ cards }) {
  const sentences = new Set(cards.map((card) => card.disclosure));
  return html`<footer>
    ${[...sentences].map((sentence) => html`<p key=${sentence}>${sentence}</p>`)}
    <p>${say("foot")}</p>
  </footer>`;
}

// The page: who is signed in, which screen is open, and what all screens share.
import { html, render, useEffect, useState } from "./html.js";
import { address, Failed, onSignedOut, run, session, signIn, signOut } from "./api.js";
import { Explore } from "./explore.js";
import { forget } from "./kept.js";
import { Library } from "./library.js";
import { Links } from "./links.js";
import { Marketplaces } from "./marketplaces.js";
import { Paste } from "./paste.js";
import { Failure, useAsk } from "./parts.js";

const SCREENS = { explore: Explore, library: Library, links: Links, marketplaces: Marketplaces };

function App() {
  const [who, setWho] = useState(undefined);
  const [error, setError] = useState(null);
  const [refused, setRefused] = useState(null); // why the printed link did not sign in
  const look = () =>
    session().then((found) => (setError(null), setWho(found)), (failure) => setError(failure));
  const byLink = (link) => {
    history.replaceState(null, "", location.pathname); // it opens once, and is nobody's bookmark
    signIn({ link }).then(setWho, (failure) => (setRefused(failure), look()));
  };
  const leave = () => (forget(), setWho(null));
  useEffect(() => {
    const link = /^#sign-in=(.+)$/.exec(location.hash)?.[1];
    if (link) byLink(link);
    else look();
    onSignedOut(leave);
  }, []);
  if (error) return html`<main class="pad"><${Failure} error=${error} again=${look} /></main>`;
  if (who === undefined) return html`<p class="quiet pad">Loading ...</p>`;
  return who
    ? html`<${Signed} who=${who} onSignOut=${() => signOut().finally(leave)} />`
    : html`<${SignIn} refused=${refused} onSignIn=${setWho} />`;
}

function SignIn({ refused, onSignIn }) {
  const [key, setKey] = useState("");
  const [state, ask] = useAsk((text) => signIn({ key: text }).then(onSignIn));
  const submit = (event) => {
    event.preventDefault();
    ask(key.trim());
  };
  return html`<main class="sign-in">
    <h1><span class="mark" aria-hidden="true" /> Affiliate Graph</h1>
    <form class="panel" onSubmit=${submit}>
      <label>API key
        <input type="password" autocomplete="current-password" required value=${key}
          onInput=${(event) => setKey(event.target.value)} />
      </label>
      ${(state.error ?? refused) && html`<${Failure} error=${state.error ?? refused} />`}
      <button class="primary" disabled=${state.busy}>Sign in</button>
      <p class="quiet">A start for development prints a link that signs you in. The operator's key is
        ${document.querySelector("meta[name=admin-key]").content}.</p>
    </form>
  </main>`;
}

function Signed({ who, onSignOut }) {
  const [cards, setCards] = useState(null);
  const [error, setError] = useState(null);
  const [hash, setHash] = useState(location.hash.slice(1));
  const [imports, setImports] = useState(0); // grows when the catalogue does
  const load = () =>
    run("marketplaces").then(
      (data) => (setCards(data.marketplaces), setError(null)),
      (failure) => setError(failure),
    );
  useEffect(() => {
    load();
    const listener = () => setHash(location.hash.slice(1));
    addEventListener("hashchange", listener);
    return () => removeEventListener("hashchange", listener);
  }, []);
  if (error) return html`<main class="pad"><${Failure} error=${error} again=${load} /></main>`;
  if (!cards) return html`<p class="quiet pad">Loading ...</p>`;
  const searchable = cards.filter((card) => card.capabilities.includes("SEARCH"));
  const names = Object.keys(SCREENS).filter((name) => name !== "explore" || searchable.length);
  const first = names.includes("explore") ? "explore" : "marketplaces";
  const name = names.includes(hash) ? hash : first;
  if (hash !== name) setHash(name); // it stays open when other screens appear
  const shared = {
    cards,
    searchable,
    imports,
    onImport: () => setImports((number) => number + 1),
    onCard: (card) => setCards((known) => replaced(known, card)),
  };
  return html`
    <a class="skip" href="#main" onClick=${skip}>Skip to the content</a>
    <${Header} names=${names} name=${name} cards=${cards} who=${who} onSignOut=${onSignOut} />
    <main id="main" tabindex="-1">
      <${Paste} onImport=${shared.onImport} />
      <${SCREENS[name]} ...${shared} />
    </main>
    <${Footer} cards=${cards} />`;
}

const replaced = (cards, card) =>
  cards.some((known) => known.id === card.id)
    ? cards.map((known) => (known.id === card.id ? card : known))
    : [...cards, card];

function skip(event) {
  event.preventDefault(); // the fragment names the screen
  document.getElementById("main").focus();
}

function Header({ names, name, cards, who, onSignOut }) {
  const boxed = cards.filter((card) => card.mode === "SANDBOX").map((card) => card.name);
  return html`
    ${boxed.length > 0 && html`<p class="sandbox-bar" role="note">
      <strong>SANDBOX</strong> ${[...new Set(boxed)].join(" and ")}: answers come from this
      server's own sandbox. No real marketplace is contacted; links lead nowhere and earn nothing.</p>`}
    <header class="top">
      <a class="brand" href="#${names[0]}"><span class="mark" aria-hidden="true" /> Affiliate Graph</a>
      <nav aria-label="Screens">
        ${names.map((each) => html`<a key=${each} href="#${each}" aria-current=${each === name ? "page" : null}>
          ${each[0].toUpperCase() + each.slice(1)}</a>`)}
      </nav>
      <div class="who">
        <a href=${address("/graphql")}>GraphiQL</a>
        <button type="button" class="plain" title="Signed in as ${who.name}" onClick=${onSignOut}>Sign out</button>
      </div>
    </header>`;
}

function Footer({ cards }) {
  const sentences = new Set(cards.map((card) => card.disclosure));
  return html`<footer>
    ${[...sentences].map((sentence) => html`<p key=${sentence}>${sentence}</p>`)}
    <p>Product links are affiliate links. Prices are those of the time shown beside them and can change;
      the price at the marketplace when you buy is the one that counts.</p>
  </footer>`;
}

addEventListener("unhandledrejection", (event) => {
  if (event.reason instanceof Failed) event.preventDefault(); // told on the screen that asked
});
const root = document.getElementById("app");
root.replaceChildren();
render(html`<${App} />`, root);

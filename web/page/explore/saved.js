// Searches that somebody keeps, of who is signed in: each is an address with a name.
import { html, useState } from "../html.js";
import { link } from "../address.js";
import { who } from "../may.js";
import { store, stored } from "../stored.js";
import { say } from "../texts.js";
import { titleOf } from "../words.js";
import { cardOf } from "./question.js";

const MOST = 30;
const placeOf = () => `searches ${who()}`;
const addressOf = ({ after: _after, page: _page, ...values }) => link("explore", values);

export function Saved({ values, searchable, isAsked }) {
  const [saved, setSaved] = useState(() => stored(placeOf(), []));
  const change = (news) => (store(placeOf(), news), setSaved(news));
  const address = addressOf(values);
  const isKnown = saved.some((each) => each.address === address);
  const keep = () => {
    const usual = `${values.q || values.category} · ${titleOf(cardOf(searchable, values))}`;
    const name = prompt(say("saved.name"), usual)?.trim();
    if (name) change([{ name, address }, ...saved].slice(0, MOST));
  };
  if (!saved.length && !isAsked) return null;
  return html`<div class="saved" role="group" aria-label=${say("saved")}>
    ${saved.map(
      (
        each,
      ) => html`<span key=${each.address} class="kept"><a href=${each.address} aria-current=${each.address === address ? "true" : null}>${each.name}</a>
      <button type="button" class="plain" aria-label=${say("saved.forget", { name: each.name })} onClick=${() => change(saved.filter((other) => other !== each))}>✕</button></span>`,
    )}
    ${isAsked && !isKnown && html`<button type="button" class="plain small" onClick=${keep}>${say("saved.keep")}</button>`}
  </div>`;
}

// What stands in the paste box, of who is signed in: it outlives a reload of the tab and the end of the session.
import { who } from "../may.js";

const PLACE = "pasted";

export function pasted() {
  const kept = JSON.parse(sessionStorage.getItem(PLACE) ?? "null");
  return kept?.owner === who() ? kept.text : "";
}

export function keepPasted(text) {
  try {
    sessionStorage.setItem(PLACE, JSON.stringify({ owner: who(), text }));
  } catch {
    forgetPasted(); // more than a browser keeps
  }
}

export const forgetPasted = () => sessionStorage.removeItem(PLACE);

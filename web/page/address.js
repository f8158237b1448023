// What is open, as the address tells it: #library?state=GONE&page=2. So it survives reloading, going
// back and being shared. The cursors of the pages before stand in the browser's history alone.
import { useEffect, useState } from "./html.js";

export function here() {
  const [screen, query = ""] = location.hash.slice(1).split("?");
  return { screen, values: Object.fromEntries(new URLSearchParams(query)), trail: history.state?.trail ?? [] };
}

// Values that are empty are not written.
export function link(screen, values = {}) {
  const query = new URLSearchParams(Object.entries(values).filter(([, value]) => value)).toString();
  return `#${screen}${query && `?${query}`}`;
}

export function go(screen, values = {}, { trail = [], replaces = false } = {}) {
  const address = link(screen, values);
  if (replaces || address === location.hash) history.replaceState({ trail }, "", address);
  else history.pushState({ trail }, "", address);
  dispatchEvent(new PopStateEvent("popstate"));
}

export function useAddress() {
  const [, redraw] = useState(0);
  useEffect(() => {
    const listener = () => redraw((number) => number + 1);
    addEventListener("popstate", listener);
    return () => removeEventListener("popstate", listener);
  }, []);
  return here();
}

// Other values of the open screen: a list begins anew with them.
export function choose(change, { replaces = false } = {}) {
  const { screen, values } = here();
  go(screen, { ...values, after: "", page: "", ...change }, { replaces });
}

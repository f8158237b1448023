// What was asked of the server, and its answers, kept while screens come and go: an answer that comes
// when its screen is closed is there when it is opened again.
import { useEffect, useRef, useState } from "./html.js";
import { run } from "./api.js";

const MOST = 40; // answers that are kept
const known = new Map(); // key -> { busy, value, error, askedAt, turn }, asked last at the end
const news = new EventTarget();

export function forgetAnswers() {
  known.clear();
}

// So that it is asked anew.
export const forgetAnswer = (name, variables) => known.delete(JSON.stringify([name, variables]));

// What lists of these operations show is not what the server has any more: those that are shown are asked
// anew, the others once they are.
export function outdated(...names) {
  const isOf = (key) => names.some((name) => key.startsWith(`["${name}",`));
  for (const [key, entry] of known) if (isOf(key)) known.set(key, { ...entry, isOld: true });
  news.dispatchEvent(new CustomEvent("outdated", { detail: names }));
}

function put(key, change) {
  const entry = { ...known.get(key), ...change };
  known.delete(key);
  known.set(key, entry);
  if (known.size > MOST) known.delete(known.keys().next().value);
  news.dispatchEvent(new Event("change"));
}

async function ask(key, work) {
  const turn = Symbol(key); // an answer that comes after a later question is of no use
  const askedAt = performance.now();
  const isLast = () => known.get(key)?.turn === turn;
  put(key, { busy: true, error: null, turn });
  try {
    const value = await work();
    if (isLast()) put(key, { busy: false, isOld: false, value, askedAt });
  } catch (error) {
    if (isLast()) put(key, { busy: false, error });
  }
}

/**
 * { busy, value, error, askedAt, again, change } of an operation; nothing is asked without variables.
 * `isKept`: an answer that is there is not asked for again. `holds`: the answer before is shown
 * while another one comes.
 * @template {keyof import("../../build/page-types/operations").Operations} N
 * @param {N} name
 * @param {import("../../build/page-types/operations").Operations[N]["variables"] | null} variables
 * @returns {{ busy: boolean, value: import("../../build/page-types/operations").Operations[N]["data"] | null, error: any, askedAt?: number,
 *   again: () => any, change: (update: (now: any) => any) => void }}
 */
export function useQuery(name, variables, { partial = false, isKept = false, holds = false } = {}) {
  const key = variables && JSON.stringify([name, variables]);
  const [, redraw] = useState(0);
  const last = useRef(null);
  const again = () => key && ask(key, () => run(name, variables, { partial }));
  useEffect(() => {
    const listener = () => redraw((number) => number + 1);
    news.addEventListener("change", listener);
    return () => news.removeEventListener("change", listener);
  }, []);
  useEffect(() => {
    const listener = (event) => event.detail.includes(name) && again();
    news.addEventListener("outdated", listener);
    const entry = known.get(key);
    if (key && !entry?.busy && !(isKept && entry?.value && !entry.isOld)) again();
    return () => news.removeEventListener("outdated", listener);
  }, [key]);
  const { busy, value = null, error = null, askedAt } = known.get(key) ?? { busy: Boolean(key) };
  if (value) last.current = value;
  const change = (update) => known.get(key)?.value && put(key, { value: update(known.get(key).value) });
  return { busy, value: value ?? (holds && key ? last.current : null), error, askedAt, again, change };
}

/**
 * Something that is done at a click: { busy, value, error }, and a function that does it.
 * @returns {[{ busy: boolean, value: any, error: any }, (...given: any[]) => Promise<void>]}
 */
export function useAsk(ask) {
  const [state, setState] = useState({ busy: false, value: null, error: null });
  const turn = useRef(0);
  const go = async (...given) => {
    const mine = ++turn.current; // an answer that comes after a later question is of no use
    setState({ busy: true, value: null, error: null });
    try {
      const value = await ask(...given);
      if (mine === turn.current) setState({ busy: false, value, error: null });
    } catch (error) {
      if (mine === turn.current) setState({ busy: false, value: null, error });
    }
  };
  return [state, go];
}

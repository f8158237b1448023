// The words of the page, from the file of its language in texts/.
import { LANGUAGE, WORDS } from "./language.js";

const { default: TEXTS } = await import(`./texts/${WORDS}.js`);
const plurals = new Intl.PluralRules(WORDS);
const numbers = new Intl.NumberFormat(LANGUAGE);

export const knows = (key) => key in TEXTS;

// The text of a key, with values in its {places}; of "one|many" what fits the number `n`. An array where
// a value is no word, as a link.
export function say(key, values = {}) {
  const forms = TEXTS[key].split("|");
  const text = forms[plurals.select(values.n ?? 1) === "one" ? 0 : forms.length - 1];
  const parts = text.split(/\{(\w+)\}/).map((part, at) => (at % 2 ? written(values[part]) : part));
  return parts.some((part) => typeof part === "object") ? parts : parts.join("");
}

const written = (value) => (typeof value === "number" ? numbers.format(value) : (value ?? ""));

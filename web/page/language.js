// The language of the page's words, and that of its numbers and dates.
export const LANGUAGES = { en: "English", de: "Deutsch" };
const PLACE = "language";

export function chosenLanguage() {
  try {
    return localStorage.getItem(PLACE) ?? "";
  } catch {
    return ""; // a browser that keeps nothing
  }
}

export const chooseLanguage = (code) => localStorage.setItem(PLACE, code);

const of = (locale) => locale.split("-")[0];
const chosen = chosenLanguage() in LANGUAGES ? chosenLanguage() : "";
// Of the words: what was chosen, else the browser's first that the page has.
export const WORDS = chosen || (navigator.languages.map(of).find((code) => code in LANGUAGES) ?? "en");
// Of numbers, which are read as well: the person's own, unless another language was chosen.
export const LANGUAGE = chosen && of(navigator.language) !== chosen ? chosen : navigator.language;
// Of dates, which stand between words: as the person's country writes them.
export const DATES = of(navigator.language) === WORDS ? navigator.language : WORDS;

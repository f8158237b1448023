// A search as the address tells it, as the form shows it, and as the server takes it.
import { defaults } from "../defaults.js";
import { amountOf, typed } from "../money.js";
import { say } from "../texts.js";

// "Bags (152401)" or "152401": a category with its number.
export const CATEGORY = /^\s*(?:.*\()?(\d{1,19})\)?\s*$/;

export const ALL = "ALL"; // in the place of a marketplace's code

// Field of the form -> that of the server's search; all that narrows a search.
export const FILTERS = {
  from: "minPrice",
  to: "maxPrice",
  ship: "shipToCountry",
  orders: "minOrders",
  positive: "minPositivePercent",
  discount: "minDiscountPercent",
  days: "maxDeliveryDays",
  free: "freeShippingOnly",
  category: "categoryId",
};
const BLANK = { q: "", from: "", to: "", ship: "", orders: "10", positive: "", discount: "", days: "", free: "", category: "" };

/** @param {Record<string, string>} values */
export const isAsked = ({ q, category }) => Boolean(q || category);

export const has = (card, field) => card.searchFilters.includes(FILTERS[field]);

/**
 * Which of them is asked: all, until one is chosen.
 * @param {any[]} searchable @param {Record<string, string>} values
 */
export function cardOf(searchable, { marketplace, locale = "" }) {
  if ((marketplace ?? ALL) === ALL && searchable.length > 1) return together(searchable);
  return searchable.find((card) => card.code === marketplace && (card.locale ?? "") === locale) ?? searchable[0];
}

/**
 * All marketplaces as if they were one: with the filters and sorts that each of them has, but categories, which are
 * a marketplace's own. Where they have no
 * currency in common, `searchCurrencies` is null, and each answers in its own: prices cannot be asked for.
 */
export function together(searchable) {
  const common = (lists) => lists[0].filter((each) => lists.every((list) => list.includes(each)));
  const limited = searchable.map((card) => card.searchCurrencies).filter((known) => known.length);
  const currencies = limited.length ? common(limited) : [];
  const isPriced = currencies.length > 0 || !limited.length;
  const filters = common(searchable.map((card) => card.searchFilters));
  return {
    id: ALL,
    code: ALL,
    locale: null,
    name: say("marketplace.all"),
    searchFilters: filters.filter((name) => !(isPriced ? [FILTERS.category] : [FILTERS.category, FILTERS.from, FILTERS.to]).includes(name)),
    searchSorts: common(searchable.map((card) => card.searchSorts)),
    searchCurrencies: isPriced ? currencies : null,
  };
}

export function currencyOf({ searchCurrencies: known }, wanted) {
  const currency = wanted || defaults().currency;
  return known?.length && !known.includes(currency) ? known[0] : currency;
}

export const sortOf = (card, wanted) => (card.searchSorts.includes(wanted) ? wanted : card.searchSorts[0]);

/**
 * The form that shows an address.
 * @param {Record<string, string>} values
 * @returns {Record<string, string>}
 */
export function formOf(values) {
  const blank = isAsked(values) ? BLANK : { ...BLANK, ship: defaults().country };
  const known = Object.fromEntries(Object.keys(BLANK).map((name) => [name, values[name] ?? blank[name]]));
  return { ...known, from: typed(known.from), to: typed(known.to), currency: values.currency ?? "", sort: values.sort ?? "" };
}

// The address of a form: what the marketplace does not have is left out.
export function addressOf(form, card) {
  const told = { q: form.q.trim() };
  for (const field of Object.keys(FILTERS)) if (has(card, field)) told[field] = String(form[field]).trim();
  if (told.category) told.category = CATEGORY.exec(told.category)?.[1] ?? told.category;
  return {
    marketplace: card.code,
    locale: card.locale ?? "",
    ...told,
    ...("from" in told && { from: amountOf(form.from).amount, to: amountOf(form.to).amount }),
    ...("orders" in told && { orders: told.orders || "0" }),
    ...(told.ship && { ship: told.ship.toUpperCase() }),
    currency: card.searchCurrencies ? currencyOf(card, form.currency.trim().toUpperCase()) : "",
    sort: sortOf(card, form.sort) ?? "",
  };
}

// What is asked of the server; null while the address asks for nothing.
export function variablesOf(values, card, first) {
  if (!isAsked(values)) return null;
  const search = { currencyCode: currencyOf(card, values.currency), sort: sortOf(card, values.sort), minOrders: 0 };
  if (values.q) search.keywords = values.q;
  for (const [field, name] of Object.entries(FILTERS)) if (has(card, field) && values[field]) search[name] = values[field];
  for (const name of ["minOrders", "minDiscountPercent", "maxDeliveryDays"]) if (search[name]) search[name] = Number(search[name]);
  if (search.freeShippingOnly) search.freeShippingOnly = true;
  return { marketplace: card.code, locale: card.locale, search, first, after: values.after ?? null };
}

// The products of the address's filter and page.
import { here } from "../address.js";
import { useQuery } from "../asks.js";

export const PAGE = 50;

const DAY = 86_400_000;
const HOUR = 3_600_000;
const PERCENT = /^\d{1,2}$/;

// So many days ago, to the hour: a filter that is asked anew every hour, not at every look.
export const syncedBefore = (days) => new Date(Math.floor(Date.now() / HOUR) * HOUR - days * DAY).toISOString();

/**
 * The filter of an address.
 * @param {Record<string, string>} values
 * @returns {any}
 */
function filterOf({ text, marketplace, state, links, age, margin, discount, tag }) {
  const filter = {
    text,
    tag,
    marketplace,
    state,
    hasLink: links && links === "true",
    syncedBefore: age && syncedBefore(Number(age) || 1),
    hasSellingPrice: margin === "none" ? false : undefined,
    minMarginPercent: PERCENT.test(margin) ? margin : undefined,
    minDiscountPercent: PERCENT.test(discount) ? Number(discount) : undefined,
  };
  return Object.fromEntries(Object.entries(filter).filter(([, value]) => value !== undefined && value !== ""));
}

// As `useQuery`, with the rows, and how one of them is replaced.
export function useList() {
  const { values } = here();
  const filter = filterOf(values);
  /** @type {any} */
  const variables = { first: PAGE, after: values.after ?? null, filter, sort: values.sort ?? "IMPORTED_DESC" };
  const asked = useQuery("library", variables, { holds: true });
  const list = asked.value?.products;
  const rows = (list?.nodes ?? []).map((row) => ({ askedAt: asked.askedAt, ...row }));
  const onRows = (news) => {
    const byId = new Map(news.map((row) => [row.id, row]));
    const nodes = (now) => now.products.nodes.map((row) => byId.get(row.id) ?? row);
    asked.change((now) => ({ ...now, products: { ...now.products, nodes: nodes(now) } }));
  };
  return { ...asked, list, rows, filter, onRows };
}

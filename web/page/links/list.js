// The links of the address's filter and page.
import { here } from "../address.js";
import { useQuery } from "../asks.js";

const PAGE = 50;

export function useLinks() {
  const { values } = here();
  const { marketplace, subId, trackingId } = values;
  const told = Object.entries({ marketplace, subId, trackingId }).filter(([, value]) => value);
  const variables = { first: PAGE, after: values.after ?? null, filter: told.length ? Object.fromEntries(told) : null };
  const asked = useQuery("links", variables, { partial: true, holds: true });
  return { ...asked, list: asked.value?.affiliateLinks, isFiltered: told.length > 0 };
}

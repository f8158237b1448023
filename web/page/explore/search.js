// A search as its screen sees it.
import { useQuery } from "../asks.js";

// As `useQuery`, with what was found, and how one of the products is replaced. `found` is null while it is asked.
export function useSearch(variables) {
  const { busy, value, error, again, change } = useQuery("search", variables, { isKept: true });
  const onProduct = (product) =>
    change((now) => {
      const nodes = now.searchProducts.nodes.map((each) => (each.id === product.id ? { ...each, ...product } : each));
      return { searchProducts: { ...now.searchProducts, nodes } };
    });
  return { busy, found: busy ? null : (value?.searchProducts ?? null), error, again, onProduct };
}

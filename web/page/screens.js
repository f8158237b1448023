// The screens: one line each. `isOpen`: whether there is something to see on it.
import { Explore } from "./explore/screen.js";
import { Library } from "./library/screen.js";
import { Links } from "./links/screen.js";
import { Marketplaces } from "./marketplaces/screen.js";

export const SCREENS = {
  explore: { title: "Explore", View: Explore, isOpen: ({ searchable }) => searchable.length > 0 },
  library: { title: "Library", View: Library },
  links: { title: "Links", View: Links },
  marketplaces: { title: "Marketplaces", View: Marketplaces },
};

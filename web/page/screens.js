// The screens: one line each. `isOpen`: whether there is something to see on it; `inMenu`: else it is
// reached by links alone.
import { Activity } from "./activity/screen.js";
import { Explore } from "./explore/screen.js";
import { Home } from "./home/screen.js";
import { Library } from "./library/screen.js";
import { Links } from "./links/screen.js";
import { Marketplaces } from "./marketplaces/screen.js";
import { Product } from "./product/screen.js";
import { Settings } from "./settings/screen.js";

const always = () => true;

export const SCREENS = {
  home: { title: "Home", View: Home, isOpen: always, inMenu: true },
  explore: { title: "Explore", View: Explore, isOpen: ({ searchable }) => searchable.length > 0, inMenu: true },
  library: { title: "Library", View: Library, isOpen: always, inMenu: true },
  product: { title: "Product", View: Product, isOpen: always, inMenu: false },
  links: { title: "Links", View: Links, isOpen: always, inMenu: true },
  activity: { title: "Activity", View: Activity, isOpen: always, inMenu: true },
  marketplaces: { title: "Marketplaces", View: Marketplaces, isOpen: always, inMenu: true },
  settings: { title: "Settings", View: Settings, isOpen: always, inMenu: true },
};

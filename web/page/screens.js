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
import { say } from "./texts.js";

const always = () => true;

export const SCREENS = {
  home: { title: say("screen.home"), View: Home, isOpen: always, inMenu: true },
  explore: { title: say("screen.explore"), View: Explore, isOpen: ({ searchable }) => searchable.length > 0, inMenu: true },
  library: { title: say("screen.library"), View: Library, isOpen: always, inMenu: true },
  product: { title: say("screen.product"), View: Product, isOpen: always, inMenu: false },
  links: { title: say("screen.links"), View: Links, isOpen: always, inMenu: true },
  activity: { title: say("screen.activity"), View: Activity, isOpen: always, inMenu: true },
  marketplaces: { title: say("screen.marketplaces"), View: Marketplaces, isOpen: always, inMenu: true },
  settings: { title: say("screen.settings"), View: Settings, isOpen: always, inMenu: true },
};

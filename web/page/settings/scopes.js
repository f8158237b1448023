// What a key may do, in words.
import { capital, plain } from "../words.js";

export const SCOPES = {
  READ: ["Read", "See everything, and search marketplaces."],
  IMPORT: ["Import", "Add, edit and delete products."],
  SYNC: ["Sync", "Fetch products anew."],
  LINK: ["Link", "Make and delete links."],
  SETTINGS: ["Settings", "Connect and disconnect marketplaces."],
  ADMIN: ["Everything", "All of it, and API keys."],
  PUBLIC: ["Public", "See what readers of a page are shown."],
};

export const nameOf = (scope) => SCOPES[scope]?.[0] ?? capital(plain(scope));

// Scopes to choose from: `chosen` is a Set.
export const toggled = (chosen, scope) => {
  const now = new Set(chosen);
  if (!now.delete(scope)) now.add(scope);
  return now;
};

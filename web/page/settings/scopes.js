// What a key may do, in words.
import { named } from "../words.js";

export const SCOPES = ["READ", "IMPORT", "SYNC", "LINK", "SETTINGS", "ADMIN"]; // of a program or a person

export const nameOf = (scope) => named("scope", scope);

// Scopes to choose from: `chosen` is a Set.
export const toggled = (chosen, scope) => {
  const now = new Set(chosen);
  if (!now.delete(scope)) now.add(scope);
  return now;
};

// What a screen remembers while others are open. It belongs to who is signed in: `forget` empties it.
export const kept = {};

export function forget() {
  for (const screen of Object.keys(kept)) delete kept[screen];
}

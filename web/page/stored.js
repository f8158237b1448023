// What this browser keeps for the next day, by a name. A browser that keeps nothing loses it with the page.
export function stored(place, otherwise) {
  try {
    return JSON.parse(localStorage.getItem(place)) ?? otherwise;
  } catch {
    return otherwise;
  }
}

export function store(place, value) {
  try {
    localStorage.setItem(place, JSON.stringify(value));
  } catch {
    // full, or not allowed: it holds until the page is left
  }
}

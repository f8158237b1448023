// Tags as texts: which are the same, and how somebody writes several.
// What somebody wrote as a list: each tag once.
export const listed = (text) => [
  ...new Map(
    text
      .split(",")
      .map((each) => each.trim())
      .filter(Boolean)
      .map((tag) => [key(tag), tag]),
  ).values(),
];

// Two that differ in the case of letters alone are the same tag.
export const key = (tag) => tag.normalize("NFC").toLowerCase();

// A product as a card for somebody's page: HTML alone, which no script or style sheet stands behind.
import { say } from "../texts.js";
// Made as a tree, so that what is previewed here (where no inline style is let in) is what is copied.

const COLOURS = {
  ground: ["#ffffff", "#182120"],
  ink: ["#15201e", "#e7eeec"],
  quiet: ["#52605d", "#a3b1ae"],
  line: ["#d9dedd", "#2d3938"],
};
const SCHEMES = { light: "light", dark: "dark", reader: "light dark" };

// A declaration in the scheme; of the reader's own, with one before it for browsers that know none.
function coloured(scheme, property, [light, dark], before = "") {
  if (scheme !== "reader") return `${property}:${before}${scheme === "dark" ? dark : light}`;
  return `${property}:${before}${light};${property}:${before}light-dark(${light},${dark})`;
}

// `price` and `picture` null where they are not shown. `look`: { accent, scheme }.
export function treeOf({ link, title, price, picture, seller, look: { accent, scheme } }) {
  const anchor = { href: link.url, rel: link.rel };
  const style = (...declarations) => declarations.join(";");
  const colour = (property, name, before) => coloured(scheme, property, COLOURS[name], before);
  return [
    "div",
    {
      style: style(
        "box-sizing:border-box",
        "max-width:440px",
        "display:flex",
        "flex-wrap:wrap",
        "gap:16px",
        "padding:16px",
        "border-radius:12px",
        "font:15px/1.4 system-ui,sans-serif",
        `color-scheme:${SCHEMES[scheme]}`,
        colour("border", "line", "1px solid "),
        colour("background", "ground"),
        colour("color", "ink"),
      ),
    },
    picture && [
      "a",
      { ...anchor, style: "flex:none" },
      ["img", { src: picture, alt: title, width: "128", loading: "lazy", style: "display:block;border-radius:8px" }],
    ],
    [
      "div",
      { style: "flex:1 1 200px;min-width:0" },
      ["a", { ...anchor, style: "color:inherit;font-weight:600;text-decoration:none" }, title],
      price && [
        "p",
        { style: "margin:6px 0 0" },
        ["strong", { style: "font-size:18px" }, price.amount],
        " ",
        ["small", { style: style("font-size:12px", colour("color", "quiet")) }, price.asOf],
      ],
      [
        "p",
        { style: "margin:12px 0" },
        [
          "a",
          {
            ...anchor,
            style: style(
              "display:inline-block",
              "padding:8px 16px",
              "border-radius:8px",
              "font-weight:600",
              "text-decoration:none",
              `background:${accent}`,
              `color:${inkOn(accent)}`,
            ),
          },
          say("pasted.see", { seller }),
        ],
      ],
      ["small", { style: style("display:block", "font-size:12px", colour("color", "quiet")) }, link.disclosure],
    ],
  ];
}

// Black or white: what stands out more on a colour, by WCAG's luminance.
export function inkOn(colour) {
  const [red, green, blue] = [1, 3, 5]
    .map((at) => Number.parseInt(colour.slice(at, at + 2), 16) / 255)
    .map((part) => (part <= 0.04045 ? part / 12.92 : ((part + 0.055) / 1.055) ** 2.4));
  return 0.2126 * red + 0.7152 * green + 0.0722 * blue > 0.179 ? "#000000" : "#ffffff";
}

export const escaped = (text) => text.replaceAll("&", "&amp;").replaceAll("<", "&lt;").replaceAll(">", "&gt;").replaceAll('"', "&quot;");

export function asHTML(tree) {
  if (!Array.isArray(tree)) return tree ? escaped(tree) : "";
  const [tag, attributes, ...children] = tree;
  const told = Object.entries(attributes)
    .map(([name, value]) => ` ${name}="${escaped(value)}"`)
    .join("");
  return tag === "img" ? `<img${told}>` : `<${tag}${told}>${children.map(asHTML).join("")}</${tag}>`;
}

export function asNode(tree) {
  if (!Array.isArray(tree)) return document.createTextNode(tree || "");
  const [tag, { style, ...attributes }, ...children] = tree;
  const node = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) node.setAttribute(name, value);
  node.style.cssText = style ?? "";
  node.append(...children.map(asNode));
  return node;
}

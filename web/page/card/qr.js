// A link as a QR code, to be printed or shown.
import { html, useEffect, useState } from "../html.js";
import { Dialog, Failure } from "../parts.js";
import { say } from "../texts.js";

const BORDER = 4; // light squares around it, which readers need
const MISSING = { message: say("qr.missing") };

// The dark squares as one path.
function drawn({ size, data }) {
  const squares = data.flatMap((row, y) => row.map((isDark, x) => (isDark ? `M${x} ${y}h1v1h-1z` : "")));
  return { side: size, path: squares.join("") };
}

function save({ side, path }) {
  const text = `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${side} ${side}" shape-rendering="crispEdges"><path fill="#fff" d="M0 0h${side}v${side}H0z"/><path d="${path}"/></svg>`;
  const href = URL.createObjectURL(new Blob([text], { type: "image/svg+xml" }));
  Object.assign(document.createElement("a"), { href, download: "link.svg" }).click();
  setTimeout(() => URL.revokeObjectURL(href), 60_000);
}

export function QR({ link, title, onClose }) {
  const [code, setCode] = useState(null);
  const [error, setError] = useState(null);
  useEffect(() => {
    import("../uqr.js").then(
      ({ encode }) => setCode(drawn(encode(link.url, { border: BORDER, ecc: "M" }))),
      () => setError(MISSING),
    );
  }, [link.url]);
  return html`<${Dialog} title=${say("qr.title")} onClose=${onClose}>
    ${error && html`<${Failure} error=${error} />`}
    ${
      code &&
      html`<div class="stack">
      <svg class="qr" viewBox="0 0 ${code.side} ${code.side}" shape-rendering="crispEdges" role="img" aria-label=${say("qr.of", { title })}>
        <path fill="#fff" d="M0 0h${code.side}v${code.side}H0z" /><path fill="#000" d=${code.path} /></svg>
      <div class="row"><button type="button" onClick=${() => save(code)}>${say("qr.save")}</button></div>
      <p class="quiet">${say("qr.print", { sentence: link.disclosure })}</p>
    </div>`
    }
  </${Dialog}>`;
}

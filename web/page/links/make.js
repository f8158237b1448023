// A form that makes a link.
import { html, useState } from "../html.js";
import { run } from "../api.js";
import { outdated, useAsk } from "../asks.js";
import { Failure } from "../parts.js";
import { LinkBox } from "../publish.js";
import { say } from "../texts.js";

export function Make() {
  const [form, setForm] = useState({ url: "", trackingId: "", subId: "" });
  const [made, make] = useAsk(async () => {
    const [row] = (
      await run("make-links", {
        products: [{ url: form.url.trim() }],
        trackingId: form.trackingId.trim() || null,
        subId: form.subId.trim() || null,
      })
    ).generateLinks.results;
    if (row.errors.length) throw row.errors[0];
    outdated("links");
    return row.affiliateLink;
  });
  const set = (name) => (event) => setForm({ ...form, [name]: event.target.value });
  const submit = (event) => {
    event.preventDefault();
    make();
  };
  return html`<form class="panel filters" onSubmit=${submit}>
    <label class="wide">${say("link.address")} <input required value=${form.url} onInput=${set("url")} /></label>
    <label>${say("link.tracking")} <input placeholder=${say("link.default")} value=${form.trackingId} onInput=${set("trackingId")} /></label>
    <label>${say("link.sub")} <input placeholder=${say("link.none")} value=${form.subId} onInput=${set("subId")} /></label>
    <button class="primary" disabled=${made.busy}>${say("link.make")}</button>
    ${made.error && html`<div class="all"><${Failure} error=${made.error} /></div>`}
    ${made.value && html`<div class="all"><${LinkBox} link=${made.value} /></div>`}
  </form>`;
}

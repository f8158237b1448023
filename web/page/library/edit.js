// The same change for many products: selling prices by a rule, notes, and tags.
import { html, useState } from "../html.js";
import { Plan, isMeant, usePlan } from "../explore/selling.js";
import { shown } from "../money.js";
import { Dialog } from "../parts.js";
import { say } from "../texts.js";
import { NOTHING, changeOf } from "./changes.js";
import { listed } from "./tagged.js";
import { TagField } from "./tags.js";

const PRICES = ["keep", "rule", "price", "clear"];
const NOTES = ["keep", "add", "replace", "clear"];
const TAGS = ["keep", "add", "remove"];

export function Edit({ size, sample, onEdit, onClose }) {
  const [wanted, setWanted] = useState(NOTHING);
  const [plan, onPlan] = usePlan();
  const set = (name) => (event) => setWanted({ ...wanted, [name]: event.target.value });
  const ofPlan = { ...plan, way: wanted.price };
  const isPriced = ["rule", "price"].includes(wanted.price);
  const isWritten = ["add", "replace"].includes(wanted.notes);
  const isTagged = wanted.tags !== "keep";
  const isAny = wanted.price !== "keep" || wanted.notes !== "keep" || isTagged;
  const isReady =
    isAny &&
    (!isPriced || isMeant(ofPlan)) &&
    (!isWritten || Boolean(wanted.text.trim())) &&
    (!isTagged || listed(wanted.names).length > 0);
  const submit = (event) => {
    event.preventDefault();
    onEdit(wanted, plan);
    onClose();
  };
  return html`<${Dialog} title=${say("edit")} onClose=${onClose}><form class="stack" onSubmit=${submit}>
    <${Choice} label=${say("edit.price")} group="price" codes=${PRICES} value=${wanted.price} onChange=${set("price")} />
    ${
      isPriced &&
      html`<div class="selling"><${Plan} plan=${ofPlan} onPlan=${onPlan} /></div>
      <p class="quiet" role="status">${exampleOf(sample, wanted, plan)}</p>`
    }
    <${Choice} label=${say("column.notes")} group="notes" codes=${NOTES} value=${wanted.notes} onChange=${set("notes")} />
    ${isWritten && html`<label>${say("edit.text")} <textarea rows="3" maxlength="10000" value=${wanted.text} onInput=${set("text")} /></label>`}
    <${Choice} label=${say("tags")} group="tags" codes=${TAGS} value=${wanted.tags} onChange=${set("tags")} />
    ${isTagged && html`<${TagField} label=${say("tags.names")} value=${wanted.names} onInput=${set("names")} />`}
    <div class="row end"><button class="primary" disabled=${!isReady}>${say("edit.do", { n: size })}</button></div>
  </form></${Dialog}>`;
}

const Choice = ({ label, group, codes, value, onChange }) => html`<label>${label} <select value=${value} onChange=${onChange}>
    ${codes.map((code) => html`<option key=${code} value=${code}>${say(`edit.${group}.${code}`)}</option>`)}
  </select></label>`;

// What becomes of one of them.
function exampleOf(sample, wanted, plan) {
  const { sellingPrice } = sample ? changeOf(sample, wanted, plan) : {};
  return sellingPrice ? say("edit.example", { title: sample.title, price: shown(sellingPrice) }) : "";
}

// What is typed into a card, saved, tried and erased.
import { useState } from "../html.js";
import { run } from "../api.js";
import { useAsk } from "../asks.js";
import { say } from "../texts.js";
import { titleOf } from "../words.js";

export function useCredentials(card, onCard) {
  const [formName, setFormName] = useState(card.credentialForms.find((each) => each.isInUse).name);
  const [values, setValues] = useState({});
  const [errors, setErrors] = useState([]);
  const [busy, work] = useAsk((task) => task());
  const form = card.credentialForms.find((each) => each.name === formName);
  const input = { marketplace: card.code, locale: card.locale };
  const take = (payload) => {
    setErrors(payload.errors);
    if (payload.marketplace) onCard(payload.marketplace);
    return payload.marketplace;
  };
  const verify = async () => take((await run("verify", { input })).verifyMarketplace);
  const save = (event) => {
    event.preventDefault();
    work(async () => {
      const credentials = Object.entries(values)
        .filter(([, value]) => value.trim())
        .map(([name, value]) => ({ name, value }));
      const payload = (await run("connect", { input: { ...input, credentials } })).connectMarketplace;
      const now = take(payload);
      if (payload.errors.length) return;
      setValues({});
      if (now.status === "CONNECTED") await verify(); // filled in is not proof of working
    });
  };
  const disconnect = () => {
    if (!confirm(say("card.erase", { name: titleOf(card) }))) return;
    setValues({});
    work(async () => take((await run("disconnect", { input })).disconnectMarketplace));
  };
  const at = (name) =>
    errors.find(
      (error) =>
        Object.keys(values)
          .filter((each) => values[each].trim())
          .indexOf(name) === Number(error.path[2]) && error.path[1] === "credentials",
    );
  const others = errors.filter((error) => error.path[1] !== "credentials" && error.message !== card.health.cure);
  return { form, setFormName, values, setValues, others, at, busy, save, verify: () => work(verify), disconnect };
}

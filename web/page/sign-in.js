// The door: an API key.
import { html, useEffect, useState } from "./html.js";
import { signIn } from "./api.js";
import { useAsk } from "./asks.js";
import { Failure } from "./parts.js";
import { say } from "./texts.js";

export function SignIn({ reason, onSignIn }) {
  const [key, setKey] = useState("");
  const [state, ask] = useAsk((text) => signIn({ key: text }).then(onSignIn));
  useEffect(() => {
    document.title = `${say("door.in")} · Affiliate Graph`;
  }, []);
  const submit = (event) => {
    event.preventDefault();
    ask(key.trim());
  };
  return html`<main class="sign-in">
    <h1><span class="mark" aria-hidden="true" /> Affiliate Graph</h1>
    <form class="panel" onSubmit=${submit}>
      <label>${say("door.key")}
        <input type="password" autocomplete="current-password" required value=${key}
          onInput=${(event) => setKey(event.target.value)} />
      </label>
      ${(state.error ?? reason) && html`<${Failure} error=${state.error ?? reason} />`}
      <button class="primary" disabled=${state.busy}>${say("door.in")}</button>
      <p class="quiet">${say("door.link")} ${say(document.querySelector("meta[name=admin-key]").getAttribute("content") === "admin.key" ? "door.file" : "door.setting")}</p>
    </form>
  </main>`;
}

// Connects this server's own sandbox in the place of marketplaces, with one click.
import { html } from "../html.js";
import { run } from "../api.js";
import { useAsk } from "../asks.js";
import { Failure } from "../parts.js";
import { say } from "../texts.js";
import { titleOf } from "../words.js";

async function connect({ code, locale }) {
  const input = { marketplace: code, locale, credentials: [], useSandboxCredentials: true };
  const { marketplace, errors } = (await run("connect", { input })).connectMarketplace;
  if (errors.length) throw errors[0];
  return marketplace;
}

export function ConnectSandbox({ cards, onCard }) {
  const [state, begin] = useAsk(async () => {
    for (const card of cards) onCard(await connect(card));
  });
  return html`<button type="button" class="primary" disabled=${state.busy} onClick=${begin}>
      ${state.busy ? say("start.connecting") : say("start.sandbox", { name: cards.map(titleOf).join(", ") })}</button>
    ${state.error && html`<${Failure} error=${state.error} again=${begin} />`}`;
}

// The page: who is signed in.
import { html, render, useEffect, useState } from "./html.js";
import { Failed, onSignedOut, session, signIn, signOut } from "./api.js";
import { forgetAnswers } from "./asks.js";
import { forgetDrafts, hasDrafts, ownDrafts } from "./drafts.js";
import { forget } from "./kept.js";
import { WORDS } from "./language.js";
import { signedInWith, who } from "./may.js";
import { Failure } from "./parts.js";
import { forgetPasted } from "./paste/box.js";
import { Shell } from "./shell.js";
import { SignIn } from "./sign-in.js";
import { say } from "./texts.js";

const LOSES = say("door.loses");

function App() {
  const [caller, setCaller] = useState(undefined);
  const [error, setError] = useState(null);
  const [reason, setReason] = useState(null); // why somebody has to sign in
  const enter = (found) => {
    if (found) {
      signedInWith(found);
      ownDrafts(who());
      setReason(null);
    }
    setCaller(found);
  };
  const look = () => session().then((found) => (setError(null), enter(found)), setError);
  const byLink = (link) => {
    history.replaceState(null, "", location.pathname); // it opens once, and is nobody's bookmark
    signIn({ link }).then(enter, (failure) => (setReason(failure), look()));
  };
  const leave = () => (forget(), forgetAnswers(), setCaller(null));
  const onSignOut = () => {
    if (hasDrafts() && !confirm(LOSES)) return;
    forgetDrafts();
    forgetPasted();
    history.replaceState(null, "", location.pathname); // what was looked at is nobody else's
    signOut().finally(leave);
  };
  useEffect(() => {
    const link = /^#sign-in=(.+)$/.exec(location.hash)?.[1];
    if (link) byLink(link);
    else look();
    onSignedOut(() => {
      leave();
      setReason({ message: say("door.over") + (hasDrafts() ? ` ${say("door.kept")}` : "") });
    });
  }, []);
  if (error) return html`<main class="pad"><${Failure} error=${error} again=${look} /></main>`;
  if (caller === undefined) return html`<p class="quiet pad">${say("loading")}</p>`;
  return caller ? html`<${Shell} who=${caller} onSignOut=${onSignOut} />` : html`<${SignIn} reason=${reason} onSignIn=${enter} />`;
}

addEventListener("unhandledrejection", (event) => {
  if (event.reason instanceof Failed) event.preventDefault(); // told on the screen that asked
});
document.documentElement.lang = WORDS;
const root = document.getElementById("app");
root.replaceChildren();
render(html`<${App} />`, root);

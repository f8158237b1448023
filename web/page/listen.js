// Subscriptions: what the server tells as it happens, over one connection while the tab is seen.
import { useEffect, useRef, useState } from "./html.js";
import { Failed, failure, post } from "./api.js";
import { say } from "./texts.js";

const PAUSE = 3_000; // milliseconds until it is tried again
const MARK = "data: ";

const LOST = new Failed({ message: say("error.lost"), code: "OFFLINE" });

// Hands the data of each answer to `onData`, until the stream ends. Throws Failed.
async function listen(name, variables, { onOpen, onData }, signal) {
  const answer = await post(name, variables, { Accept: "text/event-stream" }, signal);
  if (!answer.ok) throw new Failed({ message: say("error.status", { status: String(answer.status) }) });
  onOpen();
  const reader = answer.body.pipeThrough(new TextDecoderStream()).getReader();
  let text = "";
  for (;;) {
    const { done, value } = await reader.read();
    if (done) return;
    const parts = (text + value).split("\n\n");
    text = parts.pop();
    for (const part of parts) take(part, onData);
  }
}

function take(part, onData) {
  const line = part.split("\n").find((each) => each.startsWith(MARK));
  if (!line) return; // a sign of life, or the end
  const { data, errors } = JSON.parse(line.slice(MARK.length));
  if (errors?.length) throw failure(errors[0]);
  onData(data);
}

// Listens while the tab is seen, and begins again where it was broken off: `variables` are asked for
// then. Answers whether it hears, and why not.
export function useSubscription(name, variables, onData, key) {
  const [state, setState] = useState({ hears: false, error: null });
  const latest = useRef(null);
  latest.current = { variables, onData };
  useEffect(() => {
    if (key === null) return undefined;
    let end = new AbortController();
    let timer;
    const begin = async () => {
      end = new AbortController();
      const { signal } = end;
      const on = { onOpen: () => setState({ hears: true, error: null }), onData: (data) => latest.current.onData(data) };
      const error = await listen(name, latest.current.variables(), on, signal).catch((reason) =>
        reason instanceof Failed ? reason : LOST,
      );
      if (signal.aborted) return;
      setState({ hears: false, error: error ?? LOST });
      timer = setTimeout(begin, PAUSE);
    };
    const stop = () => (clearTimeout(timer), end.abort());
    const look = () => (document.hidden ? stop() : (stop(), begin()));
    look();
    document.addEventListener("visibilitychange", look);
    return () => (stop(), document.removeEventListener("visibilitychange", look));
  }, [key]);
  return state;
}

// The events of a kind, newest first: those that were, and those that come.
import { useEffect, useRef, useState } from "../html.js";
import { run } from "../api.js";
import { outdated, useAsk, useQuery } from "../asks.js";
import { useSubscription } from "../listen.js";
import { KINDS } from "./kinds.js";

const PAGE = 50;
/** @type {Record<string, string>} */
const CHANGED = { JOB_FINISHED: "jobs", WATCH_FIRED: "watches", WEBHOOK_DISABLED: "webhooks" }; // what else shows it

const page = (kind, before) => ({ last: PAGE, before, types: (KINDS[kind] ?? KINDS[""])[1] });
const newestFirst = ({ nodes }) => [...nodes].reverse();

export function useEvents(kind) {
  const { value, busy, error, again } = useQuery("events", page(kind, null));
  const [more, setMore] = useState({ came: [], older: null }); // of the kind that is shown
  const first = value?.events;
  const cursor = useRef(null);
  useEffect(() => {
    cursor.current = first?.pageInfo.endCursor ?? null;
    setMore({ came: [], older: null });
  }, [first]);
  const [asked, ask] = useAsk(async () => {
    const last = (more.older ?? first).pageInfo;
    const { events } = await run("events", page(kind, last.startCursor));
    setMore((now) => ({ ...now, older: { nodes: [...events.nodes, ...(now.older?.nodes ?? [])], pageInfo: events.pageInfo } }));
  });
  const hearing = useSubscription(
    "hear-events",
    () => ({ after: cursor.current, types: page(kind).types }),
    ({ events: event }) => {
      cursor.current = event.cursor;
      setMore((now) => ({ ...now, came: [event, ...now.came] }));
      if (event.type in CHANGED) outdated(CHANGED[event.type]);
    },
    first ? `${kind} ${first.pageInfo.endCursor}` : null,
  );
  const events = first && [...more.came, ...newestFirst(first), ...newestFirst(more.older ?? { nodes: [] })];
  const { hasPreviousPage: hasOlder } = (more.older ?? first)?.pageInfo ?? {};
  return { events, hasOlder, older: { ...asked, ask }, hearing, busy, error, again };
}

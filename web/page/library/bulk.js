// What is done with many products: part by part, with a count of how far it is, and an end at will; what takes
// more than a request and the server can do by itself becomes a job.
import { useState } from "../html.js";
import { run } from "../api.js";
import { outdated } from "../asks.js";
import { kept } from "../kept.js";

export const PART = 250; // products of a request
const JOB_PART = 10_000; // of one that begins a job: half of what a request may weigh

// { work, start, begin, begun, stop, close }: `work` is { name, done, total, isOver, isStopped, error, results } or null.
export function useBulk() {
  const [work, setWork] = useState(kept.work?.isOver ? kept.work : null);
  kept.work = work;
  const [stopping] = useState({ now: false });
  const start = async (name, choice, task, part = PART) => {
    stopping.now = false;
    const results = [];
    const tell = (change) => setWork((now) => ({ ...now, ...change }));
    setWork({ name, done: 0, total: choice.size, isOver: false });
    try {
      const ids = choice.ids ?? (await everyId(choice.filter, stopping));
      tell({ total: ids.length });
      for (let at = 0; at < ids.length && !stopping.now; at += part) {
        const some = ids.slice(at, at + part);
        results.push(...(await task(some)));
        tell({ done: at + some.length });
      }
      tell({ isOver: true, isStopped: stopping.now, results });
    } catch (error) {
      tell({ isOver: true, error, results });
    }
  };
  const stop = () => {
    stopping.now = true;
    setWork((now) => now && { ...now, isStopping: true });
  };
  const [begun, setBegun] = useState(kept.begun ?? []); // ids of jobs
  kept.begun = begun;
  const begin = (choice, startJob) => start("begun", choice, async (ids) => {
    const { job, errors } = await startJob(ids);
    if (errors.length) throw errors[0];
    setBegun((now) => [...now, job.id]);
    outdated("jobs");
    return [];
  }, JOB_PART);
  return { work, start, begin, begun, stop, close: () => setWork(null) };
}

// Everything that a filter finds, not only what a page shows of it.
async function everyId(filter, stopping) {
  const ids = [];
  let after = null;
  do {
    const { nodes, pageInfo } = (await run("ids", { filter, after })).products;
    ids.push(...nodes.map((node) => node.id));
    after = pageInfo.hasNextPage ? pageInfo.endCursor : null;
  } while (after && !stopping.now);
  return ids;
}

// Each takes the ids of a part, and gives { id, errors } with what else was told of each.
export async function sync(ids) {
  const askedAt = performance.now();
  const rows = whole((await run("sync", { ids })).syncProducts, ids);
  return rows.map((row) => ({ ...row, product: row.product && { ...row.product, askedAt } }));
}

export const makeLinks = async (ids) =>
  whole((await run("make-links", { products: ids.map((id) => ({ id })) })).generateLinks, ids);

export const syncAsJob = async (ids) => (await run("start-sync", { ids })).startSync;
export const linkAsJob = async (ids) => (await run("start-links", { products: ids.map((id) => ({ id })) })).startLinks;

export const remove = async (ids) => whole((await run("delete", { ids })).deleteProducts, ids);

export const putBack = async (ids) => whole((await run("restore", { ids })).restoreProducts, ids);

function whole({ results, errors }, ids) {
  if (errors.length) throw errors[0]; // of the whole, told once
  return results.map((row, n) => ({ ...row, id: ids[n] }));
}

// What is done with many products: part by part, with a count of how far it is, and an end at will; what takes
// more than a request and the server can do by itself becomes a job.
import { useState } from "../html.js";
import { run } from "../api.js";
import { outdated } from "../asks.js";
import { own } from "../drafts.js";
import { kept } from "../kept.js";
import { beforeOf, changeOf } from "./changes.js";

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
      const rows = choice.rows ?? (await everyRow(choice, stopping));
      tell({ total: rows.length });
      for (let at = 0; at < rows.length && !stopping.now; at += part) {
        const some = rows.slice(at, at + part);
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
  const begin = (choice, startJob) =>
    start(
      "begun",
      choice,
      async (rows) => {
        const { job, errors } = await startJob(rows);
        if (errors.length) throw errors[0];
        setBegun((now) => [...now, job.id]);
        outdated("jobs");
        return [];
      },
      JOB_PART,
    );
  return { work, start, begin, begun, stop, close: () => setWork(null) };
}

// Everything that a filter finds, not only what a page shows of it: the ids, unless `read` asks for more.
async function everyRow({ filter, read = readIds }, stopping) {
  const rows = [];
  let after = null;
  do {
    const { nodes, pageInfo } = await read({ filter, after });
    rows.push(...nodes);
    after = pageInfo.hasNextPage ? pageInfo.endCursor : null;
  } while (after && !stopping.now);
  return rows;
}

const readIds = async (variables) => (await run("ids", variables)).products;
export async function readValues(variables) {
  const askedAt = performance.now();
  const { nodes, pageInfo } = (await run("values", variables)).products;
  return { nodes: nodes.map((node) => ({ ...node, askedAt })), pageInfo };
}

const idsOf = (rows) => rows.map((row) => row.id);
const named = (rows) => rows.map(({ id }) => ({ id }));

// Each takes the rows of a part, and gives { id, errors } with what else was told of each.
export async function sync(rows) {
  const askedAt = performance.now();
  const synced = whole((await run("sync", { ids: idsOf(rows) })).syncProducts, rows);
  return synced.map((row) => ({ ...row, product: row.product && { ...row.product, askedAt } }));
}

export const makeLinks = async (rows) => whole((await run("make-links", { products: named(rows) })).generateLinks, rows);

export const syncAsJob = async (rows) => (await run("start-sync", { ids: idsOf(rows) })).startSync;
export const linkAsJob = async (rows) => (await run("start-links", { products: named(rows) })).startLinks;

export const remove = async (rows) => whole((await run("delete", { ids: idsOf(rows) })).deleteProducts, rows);

export const putBack = async (rows) => whole((await run("restore", { ids: idsOf(rows) })).restoreProducts, rows);

// `before` of a row: what it says now of what is changed.
export const changing = (wanted, plan) => async (asked) => {
  const rows = asked.map(own);
  const changes = rows.map((row) => changeOf(row, wanted, plan));
  const before = new Map(rows.map((row, n) => [row.id, beforeOf(row, changes[n])]));
  const refused = changes.filter((each) => each.problem).map(({ id, problem }) => ({ id, errors: [{ message: problem }] }));
  const done = await store(changes.filter((each) => !each.problem));
  return [...done.map((row) => ({ ...row, before: before.get(row.id) })), ...refused];
};

export const changeBack = (rows) => store(rows.map((row) => row.before));

const store = async (products) => (products.length ? whole((await run("update-many", { products })).updateProducts, products) : []);

function whole({ results, errors }, rows) {
  if (errors.length) throw errors[0]; // of the whole, told once
  return results.map((row, n) => ({ ...row, id: rows[n].id }));
}

// The only door to the server: GraphQL operations by name, the session, and files.
import { say } from "./texts.js";
// Where the server is: at the root of its host, or below a path.
const ROOT = new URL("../../..", import.meta.url).pathname.replace(/\/$/, "");
export const address = (path) => ROOT + path;

const PREFLIGHT = { "GraphQL-Preflight": "1" };
const operations = fetch(new URL("operations.json", import.meta.url)).then((file) => file.json());

// A failure with its code, and when trying again makes sense. `message` is for people.
export class Failed extends Error {
  constructor({ message, code = "", retryAt = null }) {
    super(message);
    this.code = code;
    this.retryAt = retryAt;
  }
}

const signedOut = new EventTarget();
export const onSignedOut = (listener) => signedOut.addEventListener("out", listener);

/**
 * The data of an operation (a file of web/operations). Throws Failed; errors beside data are let
 * pass only with `partial`, for lists of which a part is missing. `signal` breaks it off.
 * @template {keyof import("../../build/page-types/operations").Operations} N
 * @param {N} name
 * @param {import("../../build/page-types/operations").Operations[N]["variables"]} variables
 * @param {{ partial?: boolean, signal?: AbortSignal }} how
 * @returns {Promise<import("../../build/page-types/operations").Operations[N]["data"]>}
 */
export async function run(name, variables, { partial = false, signal } = {}) {
  const answer = await post(name, variables, {}, signal);
  const body = await answer.json().catch(() => null);
  const error = body?.errors?.[0];
  if (error && !(partial && body.data)) throw failure(error);
  if (!body?.data) throw new Failed({ message: say("error.status", { status: String(answer.status) }) });
  return body.data;
}

// An operation on its way: the answer as it comes.
export async function post(name, variables, headers, signal) {
  const query = (await operations)[name];
  const body = JSON.stringify({ query, variables });
  return send("/graphql", { method: "POST", headers: { "Content-Type": "application/json", ...headers }, body, signal });
}

// Who is signed in; null for nobody.
export async function session() {
  const answer = await send("/session", {}, { quiet: true });
  const found = await answer.json().catch(() => null); // read in any case, else it counts as broken off
  return answer.ok ? found : null;
}

// By a key, as {key}, or by the link that a development start prints, as {link}.
export async function signIn(proof) {
  const answer = await send(
    "/session",
    {
      method: "POST",
      headers: { "Content-Type": "application/json" },
      body: JSON.stringify(proof),
    },
    { quiet: true },
  );
  return answer.ok ? answer.json() : Promise.reject(await told(answer));
}

export const signOut = () => send("/session", { method: "DELETE" }, { quiet: true });

// Ask for a file of an export (a path below the graph's) and hand it to the browser's downloads.
// Answers its size in bytes, and in words what it lacks.
export async function download(path, parameters = []) {
  const answer = await send(`/${path}?${new URLSearchParams(parameters)}`);
  if (!answer.ok) throw await told(answer);
  const name = /filename="([^"]+)"/.exec(answer.headers.get("Content-Disposition") ?? "")?.[1];
  const blob = await answer.blob();
  const anchor = document.createElement("a");
  anchor.href = URL.createObjectURL(blob);
  anchor.download = name ?? "export";
  anchor.click();
  setTimeout(() => URL.revokeObjectURL(anchor.href), 60_000);
  return { size: blob.size, leftOut: answer.headers.get("X-Left-Out-Words") };
}

// The rows of a file: { line, sheet, text, error }. `signal` breaks it off.
export async function rowsOf(file, signal) {
  const answer = await send(`/import/rows?${new URLSearchParams({ name: file.name })}`, {
    method: "POST",
    headers: { "Content-Type": "application/octet-stream" },
    body: file,
    signal,
  });
  if (!answer.ok) throw await told(answer);
  return (await answer.json()).rows;
}

async function send(path, options = {}, { quiet = false } = {}) {
  let answer;
  try {
    answer = await fetch(address(path), { ...options, headers: { ...PREFLIGHT, ...options.headers } });
  } catch (reason) {
    if (reason.name === "AbortError") throw reason;
    throw new Failed({ message: say("error.away"), code: "OFFLINE" });
  }
  if (answer.status === 401 && !quiet) signedOut.dispatchEvent(new Event("out"));
  return answer;
}

async function told(answer) {
  const body = await answer.json().catch(() => null);
  const error = body?.errors?.[0];
  return error ? failure(error) : new Failed({ message: say("error.status", { status: String(answer.status) }) });
}

/** @param {{ message: string, extensions?: any }} error */
export const failure = ({ message, extensions = {} }) => new Failed({ message, code: extensions.code, retryAt: extensions.retryAt });

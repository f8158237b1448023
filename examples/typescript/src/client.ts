/**
 * A small client: sends a typed document with fetch, and tells three kinds of failure apart.
 *
 * - Failed: expected failures, part of the answer, each with a code to act on. THROTTLED is tried
 *   again at the time that the server names.
 * - RequestRefused: the request itself was refused; `code` says why.
 * - NoAnswer: no answer of GraphQL at all.
 */
import type { ErrorCode, TypedDocumentString } from "./generated.js";

const TRIES = 3;
const LONGEST_PAUSE = 60_000; // milliseconds; who is asked to wait longer should come back later
const UNTOLD_PAUSE = 2_000; // milliseconds, where the server names no time

/** An expected failure, as documents of this folder ask for it. */
export interface UserError {
  readonly code: ErrorCode | "%future added value";
  readonly message: string;
  readonly path?: readonly string[];
  readonly retryAt?: string | null;
}

export class Failed extends Error {
  constructor(readonly errors: readonly UserError[]) {
    super(errors.map((error) => `${error.code}: ${error.message}`).join("; "));
  }
}

export class RequestRefused extends Error {
  constructor(
    readonly code: string,
    message: string,
    readonly retryAfter?: number, // seconds, where the points of the key did not suffice
  ) {
    super(message);
  }
}

export class NoAnswer extends Error {}

interface GraphQLAnswer<Data> {
  readonly data?: Data | null;
  readonly errors?: readonly {
    readonly message: string;
    readonly extensions?: { readonly code?: string; readonly retryAfter?: number };
  }[];
}

export class AffiliateGraph {
  constructor(
    private readonly address: string,
    private readonly key: string,
  ) {}

  /** The data of one operation. Throws RequestRefused or NoAnswer. */
  async run<Data, Variables>(
    document: TypedDocumentString<Data, Variables>,
    variables: Variables,
  ): Promise<Data> {
    const answer = await this.send<Data>(JSON.stringify({ query: document, variables }));
    const refusal = answer.errors?.[0];
    if (refusal !== undefined) {
      const { code = "UNKNOWN", retryAfter } = refusal.extensions ?? {};
      throw new RequestRefused(code, refusal.message, retryAfter);
    }
    if (answer.data === undefined || answer.data === null) {
      throw new NoAnswer("the answer holds no data");
    }
    return answer.data;
  }

  private async send<Data>(body: string): Promise<GraphQLAnswer<Data>> {
    try {
      const response = await fetch(`${this.address}/graphql`, {
        method: "POST",
        headers: {
          "Content-Type": "application/json",
          Accept: "application/json",
          Authorization: `Bearer ${this.key}`,
        },
        body,
        signal: AbortSignal.timeout(60_000),
      });
      return (await response.json()) as GraphQLAnswer<Data>;
    } catch (failure) {
      throw new NoAnswer(reason(failure));
    }
  }
}

/** The answer without errors. One that is only throttled is asked again, in time. */
export async function retried<Answer>(
  ask: () => Promise<Answer>,
  errorsOf: (answer: Answer) => readonly UserError[],
): Promise<Answer> {
  for (let left = TRIES - 1; ; left -= 1) {
    let errors: readonly UserError[];
    try {
      const answer = await ask();
      errors = errorsOf(answer);
      if (errors.length === 0) {
        return answer;
      }
    } catch (failure) {
      errors = [throttled(failure)];
    }
    const pause = Math.max(...errors.map(pauseOf));
    const onlyThrottled = errors.every((error) => error.code === "THROTTLED");
    if (!onlyThrottled || pause > LONGEST_PAUSE || left === 0) {
      throw new Failed(errors);
    }
    await new Promise((resolve) => setTimeout(resolve, pause));
  }
}

/** The refusal of a request for which the key's points do not suffice; others are thrown. */
function throttled(failure: unknown): UserError {
  if (!(failure instanceof RequestRefused) || failure.code !== "THROTTLED") {
    throw failure;
  }
  const seconds = failure.retryAfter ?? UNTOLD_PAUSE / 1000;
  return {
    code: "THROTTLED",
    message: failure.message,
    retryAt: new Date(Date.now() + seconds * 1000).toISOString(),
  };
}

/** Milliseconds until trying again makes sense. */
function pauseOf(error: UserError): number {
  return error.retryAt ? Math.max(0, Date.parse(error.retryAt) - Date.now()) : UNTOLD_PAUSE;
}

function reason(failure: unknown): string {
  const cause = failure instanceof Error ? failure.cause : undefined;
  return String(cause instanceof Error ? cause.message : failure);
}

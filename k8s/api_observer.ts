/** Counts exchanges with an API server. */
import type { Clock } from "../base/clock.ts";
import type { Incoming, Outgoing } from "./transport.ts";

/**
 * Told of each exchange, repeated ones too: GET, PUT, POST, PATCH, DELETE or WATCH, the answer's status, or `<error>`
 * where there was none, and the time until its head was there.
 */
export type ApiObserver = (verb: string, code: string, ms: number) => void;

/** Sends, and tells the observer; `what` begins with the verb. */
export function observed(
  send: (outgoing: Outgoing) => Promise<Incoming>,
  observe: ApiObserver,
  clock: Clock,
): (what: string, outgoing: Outgoing) => Promise<Incoming> {
  return async (what, outgoing) => {
    const startedMs = clock.now();
    let code = "<error>";
    try {
      const answer = await send(outgoing);
      code = String(answer.status);
      return answer;
    } finally {
      observe(what.slice(0, what.indexOf(" ")), code, clock.now() - startedMs);
    }
  };
}

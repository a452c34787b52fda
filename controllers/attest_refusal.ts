/** How a request for a token ends that gets none. */
import type { AttestDecision } from "../attest/decide.ts";
import { AttestRequestError } from "../attest/request.ts";

/** Ends the work on a request with an answer that is none of the good ones. */
export class Refused extends Error {
  /** Of the answer. */
  readonly status: number;
  /** One word, for Events and counts. */
  readonly reason: string;
  /** How long the client is asked to wait. */
  readonly retryAfterS: number | undefined;

  /** With the answer's status, the reason's word and a sentence for client and operator. */
  constructor(status: number, reason: string, message: string, retryAfterS?: number) {
    super(message);
    this.status = status;
    this.reason = reason;
    this.retryAfterS = retryAfterS;
  }
}

/** Something is away, and may be back soon. */
export const away = (what: string): Refused => new Refused(503, "Unavailable", `${what}, try again`, 5);
/** Nobody's address. */
export const unknownClient = (): Refused =>
  new Refused(404, "UnknownClient", "no Machine has a lease with this address");

/**
 * The decision when it is a good one.
 * @throws {Refused} when it is not
 */
export function orRefused(decision: AttestDecision): AttestDecision & { readonly kind: "accepted" } {
  if (decision.kind === "refused") throw new Refused(decision.status, decision.reason, decision.message);
  return decision;
}

/** What an error is for the client. */
export function refusalOf(error: unknown): Refused {
  if (error instanceof Refused) return error;
  if (error instanceof AttestRequestError) return new Refused(error.status, "BadRequest", error.message);
  return new Refused(500, "InternalError", "internal error");
}

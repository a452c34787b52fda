/** What there is to count of TFTP. */
import type { Outcome } from "./session.ts";

/** Why a request led to no transfer. */
export const TFTP_REFUSALS = ["malformed", "busy", "notFound", "notYet", "failed"] as const;
/** How a transfer ended; see {@link Outcome}. */
export const TFTP_OUTCOMES = ["done", "refused", "lost", "stopped", "failed"] as const satisfies Outcome["kind"][];

/** Counts requests and transfers. */
export interface TftpObserver {
  /** A request without a transfer. */
  refused(why: typeof TFTP_REFUSALS[number]): void;
  /** A transfer begins. */
  started(): void;
  /** It has ended; bytes are those that the client acknowledged. */
  ended(how: typeof TFTP_OUTCOMES[number], what: { bytes: number; ms: number; resentBlocks: number }): void;
}

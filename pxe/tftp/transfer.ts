/**
 * One transfer as a pure machine: (state, event) -> (state, what to send). Sockets and clocks are the caller's.
 *
 * Blocks are counted from 1 without end here; on the wire their number rolls over to 0 after 65,535.
 *
 * Two rules keep a client that answers every stray packet from starting a storm (the Sorcerer's Apprentice of
 * RFC 1123 section 4.2.3.1, and firmware that sends an ACK for each block out of order):
 * an ACK that brings nothing new never sends anything, and what is sent again for an ACK inside the window
 * (RFC 7440 section 4) is paid from a budget that only new acknowledgements fill.
 */

/** Where a transfer stands. */
export interface TransferState {
  /** Blocks sent before an ACK is waited for. */
  readonly window: number;
  /** Number of the last block: the one that is shorter than the block size. */
  readonly lastBlock: number;
  /** The OACK is not answered yet. */
  readonly offering: boolean;
  /** Every block up to this one has arrived. */
  readonly acked: number;
  /** The newest block that was sent. */
  readonly sent: number;
  /** Time-outs since the last progress. */
  readonly resends: number;
  /** Blocks that may still be sent again without a time-out. */
  readonly budget: number;
}

/** What happened. */
export type TransferEvent =
  | { readonly kind: "ack"; readonly block: number }
  | { readonly kind: "error"; readonly code: number; readonly text: string }
  | { readonly kind: "timeout" };

/** What to do about it. */
export type Step =
  /** Send the option acknowledgement. */
  | { readonly kind: "oack"; readonly state: TransferState }
  /** Send the blocks `from` to `to`, both included. */
  | { readonly kind: "data"; readonly state: TransferState; readonly from: number; readonly to: number }
  /** Nothing: keep waiting, and do not move the deadline. */
  | { readonly kind: "wait"; readonly state: TransferState }
  /** Every block was acknowledged. */
  | { readonly kind: "done" }
  /** The client ended it (after a size query this is how it should end). */
  | { readonly kind: "refused"; readonly code: number; readonly text: string }
  /** The client is silent. */
  | { readonly kind: "lost"; readonly acked: number };

/** Time-outs in a row after which the client counts as gone. */
const MAX_RESENDS = 5;
/** Waits double up to this, or to the negotiated time-out when that is longer. */
const MAX_WAIT_MS = 16_000;

/** The number of the last block of `size` bytes: a full last block is followed by an empty one (RFC 1350 section 6). */
export function lastBlockOf(size: number, blockSize: number): number {
  return Math.floor(size / blockSize) + 1;
}

/** How a transfer starts. */
export function begin(options: { window: number; lastBlock: number; offering: boolean }): Step {
  const state: TransferState = { ...options, acked: 0, sent: 0, resends: 0, budget: options.window };
  return options.offering ? { kind: "oack", state } : sendFrom(state, 1);
}

/** The machine. */
export function advance(state: TransferState, event: TransferEvent): Step {
  switch (event.kind) {
    case "ack":
      return state.offering ? onOfferAck(state, event.block) : onDataAck(state, event.block);
    case "error":
      return { kind: "refused", code: event.code, text: event.text };
    case "timeout":
      return onTimeout(state);
  }
}

/** RFC 2347: the client agrees to an OACK by an ACK of block 0. */
function onOfferAck(state: TransferState, block: number): Step {
  if (block !== 0) return { kind: "wait", state };
  return sendFrom({ ...state, offering: false, resends: 0 }, 1);
}

function onDataAck(state: TransferState, block: number): Step {
  const gained = (block - state.acked) & 0xffff;
  const outstanding = state.sent - state.acked;
  if (gained === 0 || gained > outstanding) return { kind: "wait", state };
  const acked = state.acked + gained;
  if (acked === state.lastBlock) return { kind: "done" };
  const missing = outstanding - gained;
  let budget = Math.min(2 * state.window, state.budget + gained);
  // An ACK inside the window: the block after it was lost, and the client drops what follows it.
  const again = missing > 0 && missing <= budget;
  if (again) budget -= missing;
  return sendFrom({ ...state, acked, budget, resends: 0 }, again ? acked + 1 : state.sent + 1);
}

function onTimeout(state: TransferState): Step {
  if (state.resends >= MAX_RESENDS) return { kind: "lost", acked: state.acked };
  const next = { ...state, resends: state.resends + 1 };
  return state.offering ? { kind: "oack", state: next } : sendFrom(next, state.acked + 1);
}

/** Sends from block `from` to the end of the window that starts after the last acknowledged block. */
function sendFrom(state: TransferState, from: number): Step {
  const to = Math.min(state.acked + state.window, state.lastBlock);
  if (from > to) return { kind: "wait", state };
  return { kind: "data", state: { ...state, sent: to }, from, to };
}

/** How long to wait for an answer to what was just sent. */
export function waitMs(state: TransferState, timeoutMs: number): number {
  return Math.min(timeoutMs * 2 ** state.resends, Math.max(timeoutMs, MAX_WAIT_MS));
}

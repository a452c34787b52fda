/** Option negotiation: which of a client's options are answered, and how (RFC 2347, 2348, 2349, 7440). */
import type { Option } from "./packet.ts";

/** What both sides of a transfer agreed on. */
export interface Terms {
  /** Bytes in each block but the last (RFC 2348). */
  readonly blockSize: number;
  /** Blocks sent before an ACK is waited for (RFC 7440); 1 is lock-step. */
  readonly window: number;
  /** Wait before the first retransmission (RFC 2349). */
  readonly timeoutMs: number;
  /** Goes into the OACK; when empty none is sent. */
  readonly accepted: readonly Option[];
}

/**
 * Largest block that is answered: an Ethernet frame's 1500 bytes less IP, UDP and TFTP headers (20 + 8 + 4).
 * A larger one is cut into IP fragments, of which one lost loses the block, and which boot firmware may not join.
 */
export const MAX_BLOCK_SIZE = 1468;
/**
 * Largest window that is answered: with {@link MAX_BLOCK_SIZE} 94 KB in flight, 94 MB/s over a 1 ms path. With what the
 * kernel adds to each packet it still fits the 208 KiB that a Linux socket receives into by default.
 */
export const MAX_WINDOW = 64;
const DEFAULT_BLOCK_SIZE = 512;
const DEFAULT_TIMEOUT_MS = 1000;

type Agreed = { -readonly [K in "blockSize" | "window" | "timeoutMs"]: Terms[K] };

/** By lower-case name: the value that is answered, kept in `agreed` where it matters; undefined leaves the option out. */
const ANSWERS: ReadonlyMap<string, (value: string, size: number, agreed: Agreed) => number | undefined> = new Map([
  // RFC 2348: at most what was asked for.
  ["blksize", (value: string, _size: number, agreed: Agreed) => {
    const asked = wholeNumber(value, 8, 65464);
    if (asked !== undefined) agreed.blockSize = Math.min(asked, MAX_BLOCK_SIZE);
    return asked && agreed.blockSize;
  }],
  // RFC 7440 section 4: likewise.
  ["windowsize", (value: string, _size: number, agreed: Agreed) => {
    const asked = wholeNumber(value, 1, 65535);
    if (asked !== undefined) agreed.window = Math.min(asked, MAX_WINDOW);
    return asked && agreed.window;
  }],
  // RFC 2349: the same value or none.
  ["timeout", (value: string, _size: number, agreed: Agreed) => {
    const seconds = wholeNumber(value, 1, 255);
    if (seconds !== undefined) agreed.timeoutMs = seconds * 1000;
    return seconds;
  }],
  // RFC 2349: the client sends 0; firmware does not boot without the answer.
  [
    "tsize",
    (value: string, size: number) => wholeNumber(value, 0, Number.MAX_SAFE_INTEGER) === undefined ? undefined : size,
  ],
]);

/**
 * The terms for a client's options. Each is answered at most once, in the client's order and spelling (names are
 * compared without case); one that is unknown or out of its range is left out, which means that it does not apply.
 * @param size bytes that will be sent: the answer to `tsize`
 */
export function negotiate(asked: readonly Option[], size: number): Terms {
  const agreed: Agreed = { blockSize: DEFAULT_BLOCK_SIZE, window: 1, timeoutMs: DEFAULT_TIMEOUT_MS };
  const accepted: Option[] = [];
  const seen = new Set<string>();
  for (const { name, value } of asked) {
    const key = name.toLowerCase();
    if (seen.has(key)) continue;
    seen.add(key);
    const answer = ANSWERS.get(key)?.(value, size, agreed);
    if (answer !== undefined) accepted.push({ name, value: String(answer) });
  }
  return { ...agreed, accepted };
}

function wholeNumber(text: string, min: number, max: number): number | undefined {
  const value = /^\d{1,16}$/.test(text) ? Number(text) : -1;
  return value >= min && value <= max ? value : undefined;
}

/** The reading end of a TFTP transfer: packets in, packets out (RFC 1350, 2347, 2348, 2349, 7440). */
import { encodeError, ErrorCode } from "../../pxe/tftp/packet.ts";

/** What a client asks for. */
export interface ReadWish {
  /** As sent. */
  readonly path: string;
  /** Option `blksize`. */
  readonly blockSize: number;
  /** Option `windowsize`; 1 does not ask. @default 1 */
  readonly window?: number;
  /** Whether `tsize` is asked. @default false */
  readonly askSize?: boolean;
  /** Only the size is wanted: the client ends the transfer when it has it. @default false */
  readonly sizeOnly?: boolean;
}

/** What a packet leads to; `send` goes to where the packet came from. */
export type ReadStep =
  | { readonly kind: "nothing" }
  /** A block in order; with `send` its window is complete. */
  | { readonly kind: "data"; readonly data: Uint8Array; readonly send?: Uint8Array; readonly last: boolean }
  /** The server is told where the client is. */
  | { readonly kind: "answer"; readonly send: Uint8Array }
  /** The size is known, which was all that was wanted. */
  | { readonly kind: "size"; readonly send: Uint8Array }
  | { readonly kind: "failed"; readonly code?: number; readonly reason: string; readonly send?: Uint8Array };

const RRQ = 1, DATA = 3, ACK = 4, ERROR = 5, OACK = 6;
const DEFAULT_BLOCK = 512;
const NOTHING: ReadStep = { kind: "nothing" };
const encoder = new TextEncoder();
const decoder = new TextDecoder();

/** A read request in octet mode; options in the order in which firmware and GRUB send them. */
export function readRequest({ path, blockSize, window = 1, askSize = false, sizeOnly = false }: ReadWish): Uint8Array {
  const size = askSize || sizeOnly ? ["tsize", "0"] : [];
  const block = ["blksize", String(blockSize)];
  const parts = sizeOnly ? [...size, ...block] : [...block, ...size];
  if (window > 1) parts.push("windowsize", String(window));
  return Uint8Array.of(0, RRQ, ...encoder.encode([path, "octet", ...parts, ""].join("\0")));
}

/** One transfer. It holds no socket and no timer; who does gives it packets and sends what it says. */
export class TftpReader {
  readonly #wish: ReadWish;
  #blockSize = DEFAULT_BLOCK;
  #window = 1;
  #started = false;
  /** Blocks received in order, counted without end. */
  #received = 0;
  #inWindow = 0;
  #size: number | undefined;
  #bytes = 0;
  #lastSent: Uint8Array;

  /** A transfer of what is asked. */
  constructor(wish: ReadWish) {
    this.#wish = wish;
    this.#lastSent = readRequest(wish);
  }

  /** Bytes received in order. */
  get bytes(): number {
    return this.#bytes;
  }

  /** What the server said the file has; undefined when it did not. */
  get size(): number | undefined {
    return this.#size;
  }

  /** False until the server has answered: what is sent again then goes to its well-known port. */
  get started(): boolean {
    return this.#started;
  }

  /** What is sent at first, and again when nothing comes. */
  get lastSent(): Uint8Array {
    return this.#lastSent;
  }

  /** Takes a packet of the server. */
  take(packet: Uint8Array): ReadStep {
    if (packet.length < 4 || packet[0] !== 0) return NOTHING;
    switch (packet[1]) {
      case DATA:
        return this.#onData((packet[2]! << 8) | packet[3]!, packet.subarray(4));
      case OACK:
        return this.#started ? this.#again() : this.#onOack(packet);
      case ERROR:
        return { kind: "failed", code: (packet[2]! << 8) | packet[3]!, reason: textAt(packet, 4) };
      default:
        return NOTHING;
    }
  }

  #onData(block: number, data: Uint8Array): ReadStep {
    if (!this.#started && this.#wish.sizeOnly) {
      return this.#refuse("PXE-E99: the server does not answer options (no OACK)");
    }
    this.#started = true;
    if (block !== ((this.#received + 1) & 0xffff)) return this.#again();
    if (data.length > this.#blockSize) {
      return this.#refuse(`a block of ${data.length} bytes, ${this.#blockSize} agreed`);
    }
    this.#received++;
    this.#inWindow++;
    this.#bytes += data.length;
    const last = data.length < this.#blockSize;
    if (!last && this.#inWindow < this.#window) return { kind: "data", data, last };
    return { kind: "data", data, last, send: this.#ack() };
  }

  /** EDK2 acknowledges every packet that is out of order, which tells the server where to go on (RFC 7440 section 4). */
  #again(): ReadStep {
    return { kind: "answer", send: this.#ack() };
  }

  #ack(): Uint8Array {
    this.#inWindow = 0;
    this.#lastSent = Uint8Array.of(0, ACK, (this.#received >> 8) & 255, this.#received & 255);
    return this.#lastSent;
  }

  #onOack(packet: Uint8Array): ReadStep {
    const texts = decoder.decode(packet.subarray(2)).split("\0");
    for (let i = 0; i + 1 < texts.length && texts[i] !== ""; i += 2) {
      const wrong = this.#agree(texts[i]!.toLowerCase(), Number(texts[i + 1]));
      if (wrong !== undefined) return this.#refuse(wrong);
    }
    this.#started = true;
    if (!this.#wish.sizeOnly) return this.#again();
    if (!this.#size) return this.#refuse("PXE-E53: the server does not tell the file's size (tsize)");
    return { kind: "size", send: encodeError(ErrorCode.optionRefused, "User aborted the transfer") };
  }

  /** What is wrong with an answered option; undefined when it is fine. */
  #agree(name: string, value: number): string | undefined {
    const { blockSize, window = 1, askSize = false, sizeOnly = false } = this.#wish;
    if (name === "blksize" && value >= 8 && value <= blockSize) this.#blockSize = value;
    else if (name === "windowsize" && value >= 1 && value <= window) this.#window = value;
    else if (name === "tsize" && (askSize || sizeOnly) && value >= 0) this.#size = value;
    else return `the server answers ${name}=${value}, which was not asked`;
  }

  #refuse(reason: string): ReadStep {
    return { kind: "failed", reason, send: encodeError(ErrorCode.optionRefused, reason) };
  }
}

function textAt(packet: Uint8Array, at: number): string {
  const end = packet.indexOf(0, at);
  return decoder.decode(packet.subarray(at, end < 0 ? packet.length : end));
}

/** Carries out one transfer over a datagram socket of its own: the port is the server's transfer identifier. */
import { DATA_HEADER_BYTES, decodeReply, encodeError, encodeOack, ErrorCode, putDataHeader } from "./packet.ts";
import type { Terms } from "./options.ts";
import type { ByteSource } from "./read_ahead.ts";
import { advance, begin, lastBlockOf, type Step, type TransferState, waitMs } from "./transfer.ts";

/** What is used of `Deno.DatagramConn`. */
export interface DatagramPort {
  /** Waits for a packet; rejects once the port is closed. */
  receive(buffer: Uint8Array): Promise<[Uint8Array, Deno.Addr]>;
  /** Sends a packet. */
  send(packet: Uint8Array, to: Deno.Addr): Promise<number>;
  /** Ends the wait for a packet. */
  close(): void;
}

/** How a transfer ended. */
export type Outcome =
  /** The client acknowledged every block. */
  | { readonly kind: "done" }
  /** The client said that it does not want more. */
  | { readonly kind: "refused"; readonly code: number; readonly text: string }
  /** The client stopped answering. */
  | { readonly kind: "lost"; readonly ackedBytes: number; readonly sendError?: string }
  /** The server ended it. */
  | { readonly kind: "stopped"; readonly reason: string }
  /** The file could not be read. */
  | { readonly kind: "failed"; readonly error: unknown };

/** What a session is made of. */
export interface SessionParts {
  /** Owned by the session, which closes it at the end. */
  readonly port: DatagramPort;
  /** The client and its transfer identifier. */
  readonly peer: Deno.NetAddr;
  /** Owned by the session, which closes it at the end. */
  readonly source: ByteSource;
  /** What was negotiated. */
  readonly terms: Terms;
  /** A clock that may be coarse: it times retransmissions. */
  readonly now: () => number;
}

/** What a client is told when reading fails; the log says why. */
export const UNREADABLE = "the file cannot be read";
/** An ACK takes 4 bytes; of an ERROR's text this much is read. */
const RECEIVE_BYTES = 260;

/** One transfer. */
export class Session {
  readonly #parts: SessionParts;
  readonly #packet: Uint8Array;
  #state: TransferState | undefined;
  #outcome: Outcome | undefined;
  #deadline = Infinity;
  /** Set while packets are being sent, which nothing may interleave: they share one buffer. */
  #sending: Promise<void> | undefined;
  #sendError: string | undefined;
  /** The newest block that was sent. */
  #newest = 0;
  #resent = 0;

  /** Nothing is sent before {@link run}. */
  constructor(parts: SessionParts) {
    this.#parts = parts;
    this.#packet = new Uint8Array(DATA_HEADER_BYTES + parts.terms.blockSize);
  }

  /** False while the client has acknowledged nothing: its request may arrive again. */
  get progressed(): boolean {
    return this.#state !== undefined && (this.#state.acked > 0 || this.#state.offering !== this.#offers);
  }

  get #offers(): boolean {
    return this.#parts.terms.accepted.length > 0;
  }

  /** Bytes the client has acknowledged. */
  get ackedBytes(): number {
    const { source, terms } = this.#parts;
    if (this.#outcome?.kind === "done") return source.size;
    return Math.min(source.size, (this.#state?.acked ?? 0) * terms.blockSize);
  }

  /** Blocks that were sent once more. */
  get resentBlocks(): number {
    return this.#resent;
  }

  /** Transfers everything. Never rejects: what went wrong is in the outcome. */
  async run(): Promise<Outcome> {
    const { port, source, terms } = this.#parts;
    const lastBlock = lastBlockOf(source.size, terms.blockSize);
    try {
      await this.#take(begin({ window: terms.window, lastBlock, offering: this.#offers }));
      const buffer = new Uint8Array(RECEIVE_BYTES);
      while (this.#outcome === undefined) {
        const [packet, from] = await port.receive(buffer);
        if (this.#sending !== undefined) await this.#sending;
        if (this.#outcome === undefined) await this.#onPacket(packet, from as Deno.NetAddr);
      }
    } catch (error) {
      // A closed port ends the wait for a packet: then the outcome stands already.
      await this.#fail(error);
    }
    await this.#sending;
    await source.close();
    return this.#outcome!;
  }

  /** Retransmits when it is time to; the caller calls this every now and then. */
  tick(now: number): void {
    if (now < this.#deadline || this.#sending !== undefined || this.#state === undefined) return;
    this.#sending = Promise.resolve(this.#take(advance(this.#state, { kind: "timeout" })))
      .catch((error) => this.#fail(error))
      .finally(() => this.#sending = undefined);
  }

  /** Ends the transfer and tells the client why. */
  async stop(reason: string): Promise<void> {
    if (this.#outcome !== undefined) return;
    await this.#send(encodeError(ErrorCode.notDefined, reason));
    this.#finish({ kind: "stopped", reason });
  }

  #onPacket(packet: Uint8Array, from: Deno.NetAddr): Promise<void> | void {
    const { peer } = this.#parts;
    const reply = decodeReply(packet);
    if (from.port !== peer.port || from.hostname !== peer.hostname) {
      // RFC 1350 section 4: told off, without disturbing the transfer; an ERROR is never answered.
      if (reply.kind !== "error") return this.#send(encodeError(ErrorCode.unknownTransferId, "unknown port"), from);
    } else if (reply.kind !== "other") return this.#take(advance(this.#state!, reply));
  }

  /** A plain function with few promises below it: this is what each block costs. */
  #take(step: Step): Promise<void> | void {
    if ("state" in step) this.#state = step.state;
    switch (step.kind) {
      case "wait":
        return;
      case "oack":
        return this.#sendOffer();
      case "data":
        return this.#sendBlocks(step.from, step.to);
      case "lost":
        return this.#finish({ kind: "lost", ackedBytes: this.ackedBytes, sendError: this.#sendError });
      default:
        return this.#finish(step);
    }
  }

  async #sendOffer(): Promise<void> {
    await this.#send(encodeOack(this.#parts.terms.accepted));
    this.#setDeadline();
  }

  async #sendBlocks(from: number, to: number): Promise<void> {
    const { port, peer, source, terms: { blockSize } } = this.#parts;
    const loading = source.need(this.#state!.acked * blockSize, to * blockSize);
    if (loading !== undefined) await loading;
    for (let block = from; block <= to && this.#outcome === undefined; block++) {
      const start = (block - 1) * blockSize;
      const length = Math.min(blockSize, source.size - start);
      const packet = length === blockSize ? this.#packet : this.#packet.subarray(0, DATA_HEADER_BYTES + length);
      putDataHeader(packet, block);
      source.copy(start, packet.subarray(DATA_HEADER_BYTES));
      try {
        await port.send(packet, peer);
      } catch (error) {
        this.#notSent(error);
      }
    }
    this.#resent += Math.max(0, Math.min(this.#newest, to) - from + 1);
    this.#newest = Math.max(this.#newest, to);
    this.#setDeadline();
  }

  #setDeadline(): void {
    const { now, terms: { timeoutMs } } = this.#parts;
    this.#deadline = this.#outcome === undefined ? now() + waitMs(this.#state!, timeoutMs) : Infinity;
  }

  async #send(packet: Uint8Array, to: Deno.Addr = this.#parts.peer): Promise<void> {
    try {
      await this.#parts.port.send(packet, to);
    } catch (error) {
      this.#notSent(error);
    }
  }

  /** A packet that cannot be sent counts as lost on the way: it is sent again when its time is up. */
  #notSent(error: unknown): void {
    if (this.#outcome === undefined) this.#sendError = error instanceof Error ? error.message : String(error);
  }

  async #fail(error: unknown): Promise<void> {
    if (this.#outcome !== undefined) return;
    await this.#send(encodeError(ErrorCode.notDefined, UNREADABLE));
    this.#finish({ kind: "failed", error });
  }

  #finish(outcome: Outcome): void {
    if (this.#outcome !== undefined) return;
    this.#outcome = outcome;
    this.#deadline = Infinity;
    this.#parts.port.close();
  }
}

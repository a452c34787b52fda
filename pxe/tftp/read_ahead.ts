/** The bytes of a transfer, read ahead in large pieces so that an ACK is answered from memory. */

/** Where a transfer takes its bytes from. Positions only move forward, except back to what is not released. */
export interface ByteSource {
  /** Bytes in all. */
  readonly size: number;
  /**
   * Says that bytes before `start` are not needed any more and those up to `end` are needed now.
   * @returns undefined when they are in memory; else a promise that resolves then and rejects when they cannot be read
   */
  need(start: number, end: number): Promise<void> | undefined;
  /** Copies bytes from `start` into `target`; they must be in memory. */
  copy(start: number, target: Uint8Array): void;
  /** Gives back what it holds. */
  close(): Promise<void>;
}

/** Bytes that are in memory already. */
export class MemorySource implements ByteSource {
  readonly #bytes: Uint8Array;

  /** The bytes must not change while the transfer runs. */
  constructor(bytes: Uint8Array) {
    this.#bytes = bytes;
  }

  /** Their number. */
  get size(): number {
    return this.#bytes.length;
  }

  /** Nothing to wait for. */
  need(): undefined {}

  /** Copies. */
  copy(start: number, target: Uint8Array): void {
    target.set(this.#bytes.subarray(start, start + target.length));
  }

  /** Nothing to give back. */
  async close(): Promise<void> {}
}

/** Fills a buffer from the front and says how many bytes it got; fewer than its length only at the end. */
export interface Filler {
  /** Fills the buffer. */
  fill(target: Uint8Array): Promise<number>;
  /** Gives back the file. */
  close(): void;
}

/** A source ends before its announced size. */
export class SourceTooShort extends Error {
  /** The class, in logs. */
  override name = "SourceTooShort";
}

/** Transfers at once up to which each may hold much, and up to which each may hold some. */
const FEW_TRANSFERS = 32;
const SOME_TRANSFERS = 128;

/**
 * How much to read at once: much while few transfers run, because each read costs a change of threads; little when
 * hundreds share the memory. Two pieces of it are held: in all at most 32 x 1 MiB, 96 x 256 KiB, and 64 KiB for each
 * transfer beyond, or two windows where that is more.
 */
export function pieceBytesFor(transfers: number, windowBytes: number): number {
  const kilobytes = transfers <= FEW_TRANSFERS ? 512 : transfers <= SOME_TRANSFERS ? 128 : 32;
  return Math.max(kilobytes * 1024, windowBytes);
}

/**
 * Two pieces of a file in memory: the one that is being sent and the one after it.
 * `need` may span two pieces, so a window of blocks must not be longer than one.
 */
export class ReadAhead implements ByteSource {
  /** Bytes in all. */
  readonly size: number;
  readonly #filler: Filler;
  readonly #pieceBytes: number;
  readonly #slots: [Uint8Array, Uint8Array];
  /** Pieces read so far; piece `n` lies in slot `n % 2`. */
  #loaded = 0;
  /** The piece that holds the first byte still needed. */
  #base = 0;
  #loading: Promise<void> | undefined;
  #open = true;

  /** Reads `pieceBytes` at once and holds twice that. */
  constructor(filler: Filler, size: number, pieceBytes: number) {
    this.#filler = filler;
    this.size = size;
    this.#pieceBytes = pieceBytes;
    this.#slots = [
      new Uint8Array(Math.min(pieceBytes, size)),
      new Uint8Array(Math.min(pieceBytes, Math.max(0, size - pieceBytes))),
    ];
    if (size === 0) this.#release();
  }

  /** Starts reading the next piece as soon as its place is free, and waits only for what is asked for. */
  need(start: number, end: number): Promise<void> | undefined {
    this.#base = Math.floor(start / this.#pieceBytes);
    const pieces = Math.ceil(Math.min(end, this.size) / this.#pieceBytes);
    if (this.#loading === undefined && this.#mayLoad()) this.#load();
    if (pieces > this.#loaded) return this.#until(pieces);
  }

  #mayLoad(): boolean {
    return this.#open && this.#loaded <= this.#base + 1;
  }

  async #until(pieces: number): Promise<void> {
    while (this.#loaded < pieces) await (this.#loading ?? this.#load());
  }

  #load(): Promise<void> {
    const loading = this.#readPiece().finally(() => this.#loading = undefined);
    // Whoever needs the piece gets the failure; until then nobody waits for it.
    loading.catch(() => {});
    return this.#loading = loading;
  }

  async #readPiece(): Promise<void> {
    const at = this.#loaded * this.#pieceBytes;
    const wanted = Math.min(this.#pieceBytes, this.size - at);
    const got = await this.#filler.fill(this.#slots[this.#loaded % 2]!.subarray(0, wanted));
    if (got < wanted) {
      throw new SourceTooShort(`the file ends at ${at + got} bytes, ${this.size} were announced`);
    }
    this.#loaded++;
    if (at + wanted === this.size) this.#release();
  }

  #release(): void {
    if (this.#open) this.#filler.close();
    this.#open = false;
  }

  /** Copies, across the border of two pieces where need be. */
  copy(start: number, target: Uint8Array): void {
    const piece = Math.floor(start / this.#pieceBytes);
    const offset = start - piece * this.#pieceBytes;
    const first = Math.min(target.length, this.#pieceBytes - offset);
    target.set(this.#slots[piece % 2]!.subarray(offset, offset + first));
    if (first < target.length) target.set(this.#slots[(piece + 1) % 2]!.subarray(0, target.length - first), first);
  }

  /** Waits for a read that is under way, then closes the file unless its end was reached before. */
  async close(): Promise<void> {
    await this.#loading?.catch(() => {});
    this.#release();
  }
}

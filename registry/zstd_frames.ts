/**
 * Where the frames of a zstd stream begin and end (RFC 8878 3.1). The runtime's decompressor takes a stream that
 * was cut for a complete one and stops after the first of several frames, so the structure is followed here.
 */
import { LayerError, TooLargeError } from "./errors.ts";

/** A window beyond this is refused, as zstd itself does by default: it is memory. */
const MAX_WINDOW = 128 * 1024 * 1024;
const MAX_BLOCK = 128 * 1024;

/** A piece of a frame. */
export interface FramePiece {
  /** As they are in the stream. */
  readonly bytes: Uint8Array;
  /** The frame is complete with these bytes. */
  readonly last: boolean;
  /** With `last`: the size the frame's header gives for its content, where it gives one. */
  readonly contentSize?: number;
}

type Step = "magic" | "skip-size" | "skip" | "descriptor" | "header" | "block-header" | "block" | "checksum";

/** Splits a stream into its frames; skippable ones are left out. */
export class ZstdFrames {
  #step: Step = "magic";
  /** Bytes that the step still needs. */
  #needs = 4;
  #field = 0n;
  #fieldLength = 0;
  #descriptor = 0;
  #lastBlock = false;
  #contentSize: number | undefined;
  #pending: Uint8Array[] = [];

  /**
   * The next bytes of the stream.
   * @throws {LayerError} when they are no frame
   */
  *push(chunk: Uint8Array): Generator<FramePiece, void> {
    let start = 0;
    let at = 0;
    // An empty block needs no bytes and is complete at once.
    while (at < chunk.length || this.#needs === 0) {
      const step = this.#step;
      const take = Math.min(this.#needs, chunk.length - at);
      if (step !== "block" && step !== "skip") this.#collect(chunk, at, take);
      at += take;
      this.#needs -= take;
      if (this.#needs > 0) break;
      const outcome = this.#advance();
      if (outcome === "skipped") start = at;
      if (outcome === "ended") {
        yield* this.#piece(chunk.subarray(start, at), true);
        start = at;
      }
    }
    if (start === chunk.length) return;
    // A magic number that is not whole may yet announce a frame that is skipped.
    const unsure = this.#step === "magic" || this.#step === "skip-size";
    if (unsure) this.#pending.push(chunk.slice(start));
    else if (this.#step !== "skip") yield* this.#piece(chunk.subarray(start), false);
  }

  /**
   * The stream is over.
   * @throws {LayerError} when it ends inside a frame
   */
  finish(): void {
    if (this.#step !== "magic" || this.#needs !== 4) {
      throw new LayerError("the zstd stream of the layer ends in the middle of a frame");
    }
  }

  *#piece(bytes: Uint8Array, last: boolean): Generator<FramePiece, void> {
    for (const earlier of this.#pending.splice(0)) yield { bytes: earlier, last: false };
    yield { bytes, last, ...(last && this.#contentSize !== undefined ? { contentSize: this.#contentSize } : {}) };
  }

  #collect(chunk: Uint8Array, at: number, length: number): void {
    for (let i = 0; i < length; i++) this.#field |= BigInt(chunk[at + i]!) << BigInt(8 * this.#fieldLength++);
  }

  #next(step: Step, needs: number): void {
    this.#step = step;
    this.#needs = needs;
    this.#field = 0n;
    this.#fieldLength = 0;
  }

  /** A step is complete: what comes next. */
  #advance(): "goes on" | "ended" | "skipped" {
    const field = this.#field;
    switch (this.#step) {
      case "magic":
        if (field === 0xfd2fb528n) this.#next("descriptor", 1);
        else if ((field & 0xfffffff0n) === 0x184d2a50n) this.#next("skip-size", 4);
        else throw new LayerError("the zstd stream of the layer has bytes that are no frame");
        break;
      case "skip-size":
        this.#pending = [];
        if (field > 0n) this.#next("skip", Number(field));
        else this.#next("magic", 4);
        return "skipped";
      case "skip":
        this.#next("magic", 4);
        return "skipped";
      case "descriptor":
        this.#onDescriptor(Number(field));
        break;
      case "header":
        this.#onHeader(field);
        break;
      case "block-header":
        this.#onBlockHeader(Number(field));
        break;
      case "block":
        return this.#blockDone();
      case "checksum":
        this.#next("magic", 4);
        return "ended";
    }
    return "goes on";
  }

  /** 3.1.1.1.1: how long the rest of the header is. */
  #onDescriptor(descriptor: number): void {
    if (descriptor & 0x08) throw new LayerError("the zstd stream of the layer has a frame of an unknown kind");
    this.#descriptor = descriptor;
    const { window, dictionary, content } = this.#fields();
    this.#contentSize = undefined;
    if (window + dictionary + content === 0) this.#next("block-header", 3);
    else this.#next("header", window + dictionary + content);
  }

  #fields(): { window: number; dictionary: number; content: number } {
    const single = (this.#descriptor & 0x20) !== 0;
    const flag = this.#descriptor >> 6;
    return {
      window: single ? 0 : 1,
      dictionary: [0, 1, 2, 4][this.#descriptor & 3]!,
      content: flag === 0 ? (single ? 1 : 0) : 1 << flag,
    };
  }

  #onHeader(field: bigint): void {
    const { window, dictionary, content } = this.#fields();
    const raw = field >> BigInt(8 * (window + dictionary));
    if (content > 0) this.#contentSize = Number(content === 2 ? raw + 256n : raw);
    const byte = Number(field & 0xffn);
    const base = 2 ** (10 + (byte >> 3));
    const size = window === 1 ? base + (base / 8) * (byte & 7) : this.#contentSize!;
    if (size > MAX_WINDOW) throw new TooLargeError(`the zstd stream of the layer needs a window of ${size} bytes`);
    this.#next("block-header", 3);
  }

  #onBlockHeader(header: number): void {
    const type = (header >> 1) & 3;
    const size = header >> 3;
    if (type === 3 || size > MAX_BLOCK) throw new LayerError("the zstd stream of the layer has a malformed block");
    this.#lastBlock = (header & 1) === 1;
    this.#next("block", type === 1 ? 1 : size);
  }

  #blockDone(): "goes on" | "ended" {
    if (!this.#lastBlock) this.#next("block-header", 3);
    else if (this.#descriptor & 4) this.#next("checksum", 4);
    else {
      this.#next("magic", 4);
      return "ended";
    }
    return "goes on";
  }
}

/** Streams that turn a layer's bytes into its archive. */
import { createGunzip, createZstdDecompress } from "node:zlib";
import type { Transform } from "node:stream";
import { LayerError, UnsupportedError } from "./errors.ts";
import { ZstdFrames } from "./zstd_frames.ts";

/** How the bytes of a layer are packed. */
export type Compression = "gzip" | "zstd" | "none";

/** Bytes that {@link compressionOf} wants to see. */
export const MAGIC_BYTES = 6;
const OUTPUT_BYTES = 256 * 1024;
/** Magic numbers of formats that no layer may have. */
const FOREIGN: readonly (readonly [name: string, magic: string])[] = [
  ["xz", "fd377a585a00"],
  ["bzip2", "425a68"],
  ["zip", "504b0304"],
];

/**
 * What the first bytes show; media types are often wrong about it, and containerd does not ask them either.
 * @throws {UnsupportedError} for a compression that layers may not have
 */
export function compressionOf(first: Uint8Array): Compression {
  const hex = Array.from(first.subarray(0, MAGIC_BYTES), (byte) => byte.toString(16).padStart(2, "0")).join("");
  if (hex.startsWith("1f8b")) return "gzip";
  if (hex.startsWith("28b52ffd") || /^5.2a4d18/.test(hex)) return "zstd";
  const foreign = FOREIGN.find(([, magic]) => hex.startsWith(magic));
  if (foreign !== undefined) {
    throw new UnsupportedError(`a layer is packed with ${foreign[0]}; push it as gzip, zstd or plain tar`);
  }
  return "none";
}

/** Takes packed bytes, gives unpacked ones to a callback. After an error it must only be closed. */
export interface Decompressor {
  /** Resolves when all that the bytes unpack to was given on. */
  write(chunk: Uint8Array): Promise<void>;
  /** No more bytes come. Rejects with {@link LayerError} when the stream is not complete. */
  finish(): Promise<void>;
  /** Gives back memory; may be called more than once. */
  close(): void;
}

/** One of the runtime's streams, driven call by call. */
class Inflater implements Decompressor {
  readonly #stream: Transform;
  #failure: unknown;
  #ended = false;
  /** Ends the wait of the call that runs. */
  #wake = () => {};

  constructor(stream: Transform, name: string, output: (bytes: Uint8Array) => void) {
    this.#stream = stream;
    const fail = (error: unknown) => {
      this.#failure ??= error;
      this.#wake();
    };
    stream.on("error", (error) => fail(new LayerError(`the ${name} stream of the layer is damaged: ${error.message}`)));
    stream.on("close", () => this.#ended || fail(new LayerError(`the ${name} stream of the layer was closed`)));
    stream.on("end", () => {
      this.#ended = true;
      this.#wake();
    });
    stream.on("data", (bytes: Uint8Array) => {
      if (this.#failure !== undefined) return;
      try {
        output(bytes);
      } catch (error) {
        // Thrown on, it would be lost inside the stream.
        fail(error);
        stream.destroy();
      }
    });
  }

  async write(chunk: Uint8Array): Promise<void> {
    await this.#wait((done) => this.#stream.write(chunk, done));
  }

  async finish(): Promise<void> {
    await this.#wait(() => this.#stream.end());
  }

  async #wait(start: (done: () => void) => void): Promise<void> {
    if (this.#failure === undefined && !this.#ended) {
      await new Promise<void>((resolve) => {
        this.#wake = resolve;
        start(resolve);
      });
    }
    if (this.#failure !== undefined) throw this.#failure;
  }

  close(): void {
    this.#stream.destroy();
  }
}

class Unzstd implements Decompressor {
  readonly #frames = new ZstdFrames();
  readonly #output: (bytes: Uint8Array) => void;
  #frame: Inflater | undefined;
  #length = 0;

  constructor(output: (bytes: Uint8Array) => void) {
    this.#output = output;
  }

  async write(chunk: Uint8Array): Promise<void> {
    for (const { bytes, last, contentSize } of this.#frames.push(chunk)) {
      this.#frame ??= this.#open();
      await this.#frame.write(bytes);
      if (!last) continue;
      await this.#frame.finish();
      this.#frame = undefined;
      if (contentSize !== undefined && contentSize !== this.#length) {
        throw new LayerError(`a zstd frame of the layer unpacks to ${this.#length} bytes, not ${contentSize}`);
      }
    }
  }

  #open(): Inflater {
    this.#length = 0;
    return new Inflater(createZstdDecompress({ chunkSize: OUTPUT_BYTES }), "zstd", (bytes) => {
      this.#length += bytes.length;
      this.#output(bytes);
    });
  }

  finish(): Promise<void> {
    this.#frames.finish();
    return Promise.resolve();
  }

  close(): void {
    this.#frame?.close();
  }
}

/** The decompressor for a compression. */
export function decompressor(compression: Compression, output: (bytes: Uint8Array) => void): Decompressor {
  if (compression === "gzip") return new Inflater(createGunzip({ chunkSize: OUTPUT_BYTES }), "gzip", output);
  if (compression === "zstd") return new Unzstd(output);
  return {
    write: (chunk) => Promise.resolve(output(chunk)),
    finish: () => Promise.resolve(),
    close() {},
  };
}

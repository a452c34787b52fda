/** Uploads of blobs that are not complete: OCI distribution-spec 1.1, Pushing Blobs. Bounded in number, size and age. */
import { createHash, type Hash } from "node:crypto";
import type { LayoutStore } from "./layout_store.ts";
import { Refusal } from "./refusal.ts";

/** At once. */
const MAX_UPLOADS = 64;
/** One blob. */
const MAX_BLOB_BYTES = 16 * 2 ** 30;
/** An upload that nobody goes on with is dropped after that long. */
const MAX_IDLE_MS = 3_600_000;
/** Where there is no room for another, one that was left alone that long makes room: its client has broken off. */
const MIN_IDLE_MS = 10_000;

/** An upload as a client is told of it. */
export interface UploadState {
  /** In its URL. */
  readonly id: string;
  /** Bytes that are there. */
  readonly size: number;
}

interface Upload {
  readonly id: string;
  readonly name: string;
  readonly path: string;
  /** Of what is there. */
  readonly hash: Hash;
  size: number;
  touchedMs: number;
  /** A request writes to it. */
  busy: boolean;
}

/** The uploads of one store. */
export class UploadStore {
  readonly #store: LayoutStore;
  readonly #now: () => number;
  readonly #maxBytes: number;
  readonly #uploads = new Map<string, Upload>();

  /**
   * No uploads yet.
   * @param now milliseconds, for the age of uploads
   * @param maxBytes of one blob
   */
  constructor(store: LayoutStore, now: () => number, maxBytes: number = MAX_BLOB_BYTES) {
    this.#store = store;
    this.#now = now;
    this.#maxBytes = maxBytes;
  }

  /** Begins an upload. @throws {Refusal} when there are too many */
  async start(name: string): Promise<UploadState> {
    const nowMs = this.#now();
    for (const upload of this.#uploads.values()) {
      if (!upload.busy && nowMs - upload.touchedMs > MAX_IDLE_MS) await this.#drop(upload);
    }
    while (this.#uploads.size >= MAX_UPLOADS) await this.#drop(this.#idleLongest(nowMs));
    const id = crypto.randomUUID();
    const path = this.#store.newPath(id);
    const upload = { id, name, path, hash: createHash("sha256"), size: 0, touchedMs: nowMs, busy: false };
    this.#uploads.set(id, upload);
    try {
      await Deno.writeFile(path, new Uint8Array(0), { createNew: true });
    } catch (error) {
      await this.#drop(upload);
      throw error;
    }
    return upload;
  }

  /** How far an upload is. @throws {Refusal} when the repository has none such */
  state(name: string, id: string): UploadState {
    return this.#find(name, id);
  }

  /**
   * Adds to an upload what comes.
   * @param start where the client thinks it is; undefined: at the end
   * @throws {Refusal} when that is not where it is; what came before the fault stays
   */
  append(name: string, id: string, start: number | undefined, pieces: AsyncIterable<Uint8Array>): Promise<UploadState> {
    return this.#with(name, id, async (upload) => {
      if (start !== undefined && start !== upload.size) throw outOfOrder(upload);
      await this.#write(upload, pieces);
      return upload;
    });
  }

  /**
   * Adds the rest and makes it a blob. A wrong digest is the end of the upload.
   * @throws {Refusal}
   */
  async finish(
    name: string,
    id: string,
    digest: string,
    start: number | undefined,
    pieces: AsyncIterable<Uint8Array>,
  ): Promise<void> {
    await this.#with(name, id, async (upload) => {
      if (start !== undefined && start !== upload.size) throw outOfOrder(upload);
      await this.#write(upload, pieces);
      // Whatever comes now, it is no upload any more.
      this.#uploads.delete(id);
      try {
        await checkDigest(upload, digest);
        await this.#store.adoptBlob(name, digest, upload.path);
      } catch (error) {
        await this.#drop(upload);
        throw error;
      }
    });
  }

  /** Gives an upload up. @throws {Refusal} */
  cancel(name: string, id: string): Promise<void> {
    return this.#with(name, id, (upload) => this.#drop(upload));
  }

  /** @throws {Refusal} when all are under way */
  #idleLongest(nowMs: number): Upload {
    const idle = [...this.#uploads.values()].filter(({ busy, touchedMs }) => !busy && nowMs - touchedMs >= MIN_IDLE_MS);
    if (idle.length > 0) {
      return idle.reduce((longest, upload) => upload.touchedMs < longest.touchedMs ? upload : longest);
    }
    throw new Refusal(429, "TOOMANYREQUESTS", `${MAX_UPLOADS} uploads are unfinished; finish or delete one`, {
      "Retry-After": String(MIN_IDLE_MS / 1000),
    });
  }

  #find(name: string, id: string): Upload {
    const upload = this.#uploads.get(id);
    if (upload?.name === name) return upload;
    throw new Refusal(404, "BLOB_UPLOAD_UNKNOWN", `repository ${name} has no such upload; start a new one`);
  }

  async #with<T>(name: string, id: string, act: (upload: Upload) => Promise<T>): Promise<T> {
    const upload = this.#find(name, id);
    if (upload.busy) throw new Refusal(409, "BLOB_UPLOAD_INVALID", "another request is writing to this upload");
    upload.busy = true;
    try {
      return await act(upload);
    } finally {
      upload.busy = false;
      upload.touchedMs = this.#now();
    }
  }

  async #write(upload: Upload, pieces: AsyncIterable<Uint8Array>): Promise<void> {
    using file = await Deno.open(upload.path, { append: true });
    for await (const piece of pieces) {
      if (upload.size + piece.length > this.#maxBytes) {
        await this.#drop(upload);
        throw new Refusal(413, "SIZE_INVALID", `blobs have at most ${this.#maxBytes} bytes here`);
      }
      try {
        for (let at = 0; at < piece.length;) at += await file.write(piece.subarray(at));
      } catch (error) {
        // How much of the piece is there is not known.
        await this.#drop(upload);
        throw error;
      }
      upload.hash.update(piece);
      upload.size += piece.length;
    }
  }

  async #drop({ id, path }: Upload): Promise<void> {
    this.#uploads.delete(id);
    try {
      await Deno.remove(path);
    } catch (error) {
      // What clears /tmp of old files has been here, or it was never made.
      if (!(error instanceof Deno.errors.NotFound)) throw error;
    }
  }
}

function outOfOrder({ size }: Upload): Refusal {
  const headers = { Range: rangeOf(size) };
  return new Refusal(416, "BLOB_UPLOAD_INVALID", `the next byte of this upload is number ${size}`, headers);
}

/** What there is of an upload, as its Range header; the specification has no way to say nothing. */
export function rangeOf(size: number): string {
  return `0-${Math.max(size - 1, 0)}`;
}

async function checkDigest({ hash, path, size }: Upload, digest: string): Promise<void> {
  const found = digest.startsWith("sha256:") ? `sha256:${hash.digest("hex")}` : await sha512Of(path);
  if (found === digest) return;
  throw new Refusal(400, "DIGEST_INVALID", `the ${size} bytes have the digest ${found}, not ${digest}`);
}

async function sha512Of(path: string): Promise<string> {
  const hash = createHash("sha512");
  using file = await Deno.open(path);
  const buffer = new Uint8Array(256 * 1024);
  for (let count = await file.read(buffer); count !== null; count = await file.read(buffer)) {
    hash.update(buffer.subarray(0, count));
  }
  return `sha512:${hash.digest("hex")}`;
}

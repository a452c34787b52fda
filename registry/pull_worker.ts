/**
 * The worker that fetches, verifies and unpacks an image, so that none of it delays an answer to a machine.
 * One worker a pull: it is ended from outside when the pull is given up, whatever it is doing.
 */
/// <reference lib="deno.worker" />
import { createHash } from "node:crypto";
import { RegistryClient } from "./client.ts";
import { ContentStore, explainDiskError } from "./content_store.ts";
import { type Compression, compressionOf, MAGIC_BYTES } from "./decompress.ts";
import { ContentError, DigestError, LayerError } from "./errors.ts";
import { formatIndex } from "./image_index.ts";
import { DISK, ImageTree } from "./layer.ts";
import type { Descriptor } from "./media_types.ts";
import { INDEX_FILE, type PullJob, type PullNews, type StopJob, SYNCED_FILE, type SyncJob } from "./pull_job.ts";
import { LayerUnpacker, UnpackBudget, type UnpackTarget } from "./unpack.ts";

const PROGRESS_MS = 200;
const COPY_BYTES = 256 * 1024;

/** Aborted when the job is given up. */
const stop = new AbortController();
const say = (news: PullNews) => self.postMessage(news);

/** Takes the bytes of one blob. */
class LayerIntake {
  readonly #folder: string;
  readonly #diffId: string;
  readonly #target: UnpackTarget;
  #head = new Uint8Array(0);
  #compression: Compression | undefined;
  #unpacker: LayerUnpacker | undefined;
  #spool: Deno.FsFile | undefined;

  constructor(folder: string, diffId: string, target: UnpackTarget) {
    this.#folder = folder;
    this.#diffId = diffId;
    this.#target = target;
  }

  async write(chunk: Uint8Array): Promise<void> {
    if (this.#compression === undefined) {
      const joined = new Uint8Array(this.#head.length + chunk.length);
      joined.set(this.#head);
      joined.set(chunk, this.#head.length);
      this.#head = joined;
      if (joined.length < MAGIC_BYTES) return;
      this.#start();
      chunk = joined;
    }
    await this.#pass(chunk);
  }

  #start(): void {
    this.#compression = compressionOf(this.#head);
    if (this.#compression !== "zstd") {
      this.#unpacker = new LayerUnpacker(this.#compression, this.#diffId, this.#target);
    } else {
      // The runtime's zstd may end the thread over damaged input: it only sees bytes whose digest is right.
      this.#spool = Deno.openSync(`${this.#folder}/blob`, { read: true, write: true, createNew: true });
    }
  }

  async #pass(chunk: Uint8Array): Promise<void> {
    if (this.#unpacker !== undefined) return await this.#unpacker.write(chunk);
    for (let at = 0; at < chunk.length;) at += this.#spool!.writeSync(chunk.subarray(at));
  }

  /** The blob is complete and its digest is right. */
  async finish(): Promise<void> {
    if (this.#compression === undefined) {
      this.#start();
      await this.#pass(this.#head);
    }
    if (this.#spool !== undefined) await this.#unpackSpool(this.#spool);
    await this.#unpacker!.finish();
  }

  async #unpackSpool(spool: Deno.FsFile): Promise<void> {
    this.#unpacker = new LayerUnpacker("zstd", this.#diffId, this.#target);
    Deno.removeSync(`${this.#folder}/blob`);
    spool.seekSync(0, Deno.SeekMode.Start);
    const buffer = new Uint8Array(COPY_BYTES);
    for (let n = spool.readSync(buffer); n !== null; n = spool.readSync(buffer)) {
      await this.#unpacker.write(buffer.subarray(0, n));
    }
  }

  close(): void {
    this.#unpacker?.close();
    this.#spool?.close();
  }
}

/** Fetches and unpacks one layer at once; nothing counts before the digest of the whole blob was right. */
async function pullLayer(
  client: RegistryClient,
  descriptor: Descriptor,
  intake: LayerIntake,
  received: (bytes: number) => void,
): Promise<void> {
  const algorithm = descriptor.digest.slice(0, descriptor.digest.indexOf(":"));
  const hash = createHash(algorithm);
  let damage: LayerError | undefined;
  for await (const chunk of client.blob(descriptor, stop.signal)) {
    hash.update(chunk);
    received(chunk.length);
    try {
      if (damage === undefined) await intake.write(chunk);
    } catch (error) {
      // Was it pushed so, or damaged on the way? The digest of the rest will tell.
      if (!(error instanceof LayerError)) throw error;
      damage = error;
    }
  }
  const digest = `${algorithm}:${hash.digest("hex")}`;
  if (digest !== descriptor.digest) {
    throw new DigestError(`the registry sent a layer with digest ${digest}, the manifest says ${descriptor.digest}`);
  }
  if (damage !== undefined) throw damage;
  await intake.finish();
}

async function pull({ folder, client: options, digest, layers, diffIds, maxBytes, howToMove }: PullJob): Promise<void> {
  using client = new RegistryClient(options);
  using sink = new ContentStore(folder, howToMove);
  const target = { tree: new ImageTree(), sink, budget: new UnpackBudget(maxBytes) };
  const totalBytes = layers.reduce((sum, { size }) => sum + size, 0);
  let bytes = 0;
  let saidAt = -Infinity;
  for (const [i, descriptor] of layers.entries()) {
    const intake = new LayerIntake(folder, diffIds[i]!, target);
    try {
      await pullLayer(client, descriptor, intake, (more) => {
        bytes += more;
        const now = performance.now();
        if (now - saidAt < PROGRESS_MS) return;
        saidAt = now;
        say({ kind: "progress", progress: { bytes, totalBytes, layer: i + 1, layers: layers.length } });
      });
    } finally {
      intake.close();
    }
  }
  const index = target.tree.index();
  if (index.files.length === 0) {
    throw new ContentError(`the image has no files below /${DISK}; put what is to be served there`);
  }
  sink.finish(new Set(index.files.map(([, id]) => id)));
  const files = index.files.map(([path, id, size]) => [path, id, size, sink.packedAt(id)] as const);
  Deno.writeTextFileSync(`${folder}/${INDEX_FILE}`, formatIndex({ digest, files, links: index.links }));
}

/** A machine that loses power must not find empty files under the right names. */
async function sync({ folder }: SyncJob): Promise<void> {
  for (const { name } of Deno.readDirSync(folder)) {
    using file = await Deno.open(`${folder}/${name}`, { read: true });
    await file.sync();
    stop.signal.throwIfAborted();
  }
  await Deno.writeTextFile(`${folder}/${SYNCED_FILE}`, "");
}

self.onmessage = async ({ data: job }: MessageEvent<PullJob | SyncJob | StopJob>) => {
  if (job.kind === "stop") return stop.abort();
  try {
    if (job.kind === "pull") await pull(job);
    else await sync(job);
    say({ kind: job.kind === "pull" ? "done" : "synced" });
  } catch (error) {
    const { name, message } = explainDiskError(error, job.folder, job.howToMove);
    say({ kind: "failed", error: { name, message } });
  }
};

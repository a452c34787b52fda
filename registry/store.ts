/**
 * The cache folder. What is in `images/` is complete and verified; it comes there by one rename.
 *
 * ```
 * lock              held while a process uses the folder
 * bindings.json     what a reference led to, so that a restart serves while the registry is down
 * images/DIGEST/    index.json, the pack of small contents, one file for each large one, named by number
 * tmp/              whatever is under way; emptied at start
 * ```
 */
import { z } from "zod";
import { readExactly } from "../base/read_exactly.ts";
import { explainDiskError, MOVE_CACHE } from "./content_store.ts";
import { CacheFolderError, ContentError } from "./errors.ts";
import { type ImageIndex, PACK_FILE, parseIndex } from "./image_index.ts";
import { MAX_METADATA_BYTES, type Metadata, METADATA_FILE, parseMetadata } from "./metadata.ts";
import { INDEX_FILE, SYNCED_FILE } from "./pull_job.ts";
import { isDigest } from "./reference.ts";
import { StoredImage } from "./stored_image.ts";

const bindingsShape = z.object({
  version: z.literal(1),
  bindings: z.record(z.string(), z.object({ named: z.string().refine(isDigest), image: z.string().refine(isDigest) })),
});

/** What a reference led to. */
export interface Binding {
  /** Digest of the manifest or index that the reference names. */
  readonly named: string;
  /** Digest of the image's manifest: the same, or one of the index. */
  readonly image: string;
}

/** What was odd when a folder was opened; for the log. */
export interface StoreNotice {
  /** What was wrong and what was done. */
  readonly message: string;
  /** Where. */
  readonly path: string;
}

/** The images of one cache folder, for one process. */
export class ImageStore implements AsyncDisposable {
  readonly #folder: string;
  readonly #lock: Deno.FsFile;
  readonly #images = new Map<string, StoredImage>();
  readonly #bindings = new Map<string, Binding>();
  /** Since when a digest or a binding's key was seen unused. */
  readonly #unusedSince = new Map<string, number>();
  readonly #removals = new Set<Promise<void>>();
  #saving: Promise<void> = Promise.resolve();
  /** What had to be thrown away when the folder was opened. */
  readonly notices: StoreNotice[] = [];
  /** To a disk with more space: for errors. */
  readonly howToMove: string;

  private constructor(folder: string, lock: Deno.FsFile, howToMove: string) {
    this.#folder = folder;
    this.howToMove = howToMove;
    this.#lock = lock;
  }

  /**
   * Opens a cache folder, made where it is missing, and removes what a crash left in it.
   * @param howToMove to a disk with more space: words that follow `free space there or`
   * @throws {CacheFolderError} when another process uses it or it cannot be written
   */
  static async open(folder: string, howToMove: string = MOVE_CACHE): Promise<ImageStore> {
    let lock: Deno.FsFile | undefined;
    try {
      await Deno.mkdir(`${folder}/images`, { recursive: true });
      await Deno.mkdir(`${folder}/tmp`, { recursive: true });
      lock = await Deno.open(`${folder}/lock`, { create: true, write: true });
      if (!await lock.tryLock(true)) {
        throw new CacheFolderError(
          `cache folder ${folder} is in use by another metalman; give each its own --cache-dir`,
        );
      }
      const store = new ImageStore(await Deno.realPath(folder), lock, howToMove);
      await store.#load();
      return store;
    } catch (error) {
      lock?.close();
      throw explainDiskError(error, folder, howToMove);
    }
  }

  async #load(): Promise<void> {
    for await (const { name } of Deno.readDir(`${this.#folder}/tmp`)) {
      await Deno.remove(`${this.#folder}/tmp/${name}`, { recursive: true });
    }
    for await (const { name } of Deno.readDir(`${this.#folder}/images`)) {
      await this.#loadImage(`${this.#folder}/images/${name}`);
    }
    await this.#loadBindings(`${this.#folder}/bindings.json`);
  }

  async #loadImage(path: string): Promise<void> {
    try {
      const index = parseIndex(await Deno.readTextFile(`${path}/${INDEX_FILE}`));
      if (path !== this.folderOf(index.digest)) throw new ContentError("the image lies in another's folder");
      const synced = await Deno.stat(`${path}/${SYNCED_FILE}`).then(() => true, () => false);
      if (!synced) {
        await checkSizes(path, index);
      }
      this.#images.set(index.digest, new StoredImage(path, index, await readMetadata(path, index)));
    } catch (error) {
      if (!(error instanceof ContentError || error instanceof Deno.errors.NotFound)) throw error;
      this.notices.push({ message: `a cached image was damaged and is pulled again: ${error.message}`, path });
      await Deno.remove(path, { recursive: true });
    }
  }

  async #loadBindings(path: string): Promise<void> {
    try {
      const { bindings } = bindingsShape.parse(JSON.parse(await Deno.readTextFile(path)));
      for (const [key, binding] of Object.entries(bindings)) {
        if (this.#images.has(binding.image)) this.#bindings.set(key, binding);
      }
    } catch (error) {
      if (error instanceof Deno.errors.NotFound) return;
      if (!(error instanceof SyntaxError || error instanceof z.ZodError)) throw error;
      this.notices.push({ message: "the table of references was damaged and is made again", path });
    }
  }

  /** Where an image lies when it is here. */
  folderOf(digest: string): string {
    return `${this.#folder}/images/${digest.replace(":", "-")}`;
  }

  /** Where everything lies; absolute. */
  get folder(): string {
    return this.#folder;
  }

  /** Every image that is here. */
  images(): Iterable<StoredImage> {
    return this.#images.values();
  }

  /** An image that is here. */
  image(digest: string): StoredImage | undefined {
    return this.#images.get(digest);
  }

  /** What the key led to when it was last resolved. The image is here. */
  binding(key: string): Binding | undefined {
    return this.#bindings.get(key);
  }

  /** An empty folder on the same disk. */
  async newFolder(): Promise<string> {
    try {
      return await Deno.makeTempDir({ dir: `${this.#folder}/tmp` });
    } catch (error) {
      throw explainDiskError(error, this.#folder, this.howToMove);
    }
  }

  /** Puts a complete image in its place: from here on it counts. */
  async adopt(folder: string, digest: string): Promise<StoredImage> {
    try {
      const index = parseIndex(await Deno.readTextFile(`${folder}/${INDEX_FILE}`));
      const metadata = await readMetadata(folder, index);
      const path = this.folderOf(digest);
      await Deno.rename(folder, path);
      const image = new StoredImage(path, index, metadata);
      this.#images.set(digest, image);
      return image;
    } catch (error) {
      throw explainDiskError(error, this.#folder, this.howToMove);
    }
  }

  /** Removes a folder of {@link newFolder} that was not adopted. */
  async discard(folder: string): Promise<void> {
    await Deno.remove(folder, { recursive: true }).catch(() => {});
  }

  /** Remembers what a key leads to, also after a restart. */
  async bind(key: string, binding: Binding): Promise<void> {
    const old = this.#bindings.get(key);
    if (old?.named === binding.named && old.image === binding.image) return;
    this.#bindings.set(key, binding);
    await this.#save();
  }

  /** One save at a time: each writes all that is known when it starts. */
  #save(): Promise<void> {
    const write = async () => {
      const temporary = `${this.#folder}/tmp/bindings.json`;
      const text = JSON.stringify({ version: 1, bindings: Object.fromEntries(this.#bindings) });
      try {
        await Deno.writeTextFile(temporary, text);
        await Deno.rename(temporary, `${this.#folder}/bindings.json`);
      } catch (error) {
        throw explainDiskError(error, this.#folder, this.howToMove);
      }
    };
    const saved = this.#saving.then(write);
    this.#saving = saved.catch(() => {});
    return saved;
  }

  /**
   * Removes images that have been unused for the grace time, and bindings of keys that nobody asks for.
   * @param keys that Machines have
   * @param pinned digests in use although no key leads to them
   * @returns digests removed
   */
  async collect(
    keys: ReadonlySet<string>,
    pinned: ReadonlySet<string>,
    nowMs: number,
    graceMs: number,
  ): Promise<string[]> {
    const used = new Set(pinned);
    for (const [key, { image }] of this.#bindings) if (keys.has(key)) used.add(image);
    const due = (name: string, inUse: boolean) => {
      const since = this.#unusedSince.get(name);
      if (inUse) this.#unusedSince.delete(name);
      else if (since === undefined) this.#unusedSince.set(name, nowMs);
      return !inUse && since !== undefined && nowMs - since >= graceMs;
    };
    const removed = [...this.#images.keys()].filter((digest) => due(digest, used.has(digest)));
    for (const digest of removed) this.#remove(digest);
    const idle = [...this.#bindings].filter(([key, { image }]) => due(key, keys.has(key)) || !this.#images.has(image));
    for (const [key] of idle) {
      this.#bindings.delete(key);
      this.#unusedSince.delete(key);
    }
    if (idle.length > 0) await this.#save();
    return removed;
  }

  /** Out of sight at once, off the disk when there is time. Who has a file open keeps it. */
  #remove(digest: string): void {
    const away = `${this.#folder}/tmp/${crypto.randomUUID()}`;
    this.#images.delete(digest);
    this.#unusedSince.delete(digest);
    Deno.renameSync(this.folderOf(digest), away);
    const removal = this.discard(away).finally(() => this.#removals.delete(removal));
    this.#removals.add(removal);
  }

  /** Waits for what is being written and lets go of the folder. */
  async [Symbol.asyncDispose](): Promise<void> {
    await this.#saving;
    await Promise.all(this.#removals);
    this.#lock.close();
  }
}

/** Reads disk/metadata.yaml; an image may come without. */
/** After a loss of power files may be there without their content. @throws {ContentError | Deno.errors.NotFound} */
async function checkSizes(path: string, { files }: ImageIndex): Promise<void> {
  const lost = () => new ContentError("a file has lost its content");
  let packEnd = 0;
  for (const [, id, size, packed] of files) {
    if (packed >= 0) packEnd = Math.max(packEnd, packed + size);
    else if ((await Deno.lstat(`${path}/${id}`)).size !== size) throw lost();
  }
  if (packEnd > 0 && (await Deno.lstat(`${path}/${PACK_FILE}`)).size < packEnd) throw lost();
}

async function readMetadata(folder: string, index: ImageIndex): Promise<Metadata> {
  const file = new StoredImage(folder, index, parseMetadata("")).file(METADATA_FILE);
  if (file === undefined) return parseMetadata("");
  if (file.size > MAX_METADATA_BYTES) throw new ContentError(`${METADATA_FILE} is longer than 64 KiB`);
  using content = await Deno.open(file.absolutePath);
  await content.seek(file.offset, Deno.SeekMode.Start);
  const bytes = await readExactly(content, file.size);
  if (bytes === undefined) throw new ContentError(`${METADATA_FILE} has lost its content`);
  return parseMetadata(new TextDecoder().decode(bytes));
}

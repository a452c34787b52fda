/**
 * A folder of OCI image layouts (image-spec 1.1, image-layout.md), one a repository: skopeo and umoci may read and write them too,
 * so nothing of them is kept in memory.
 *
 * ```
 * FOLDER/.metalman/lock        held while a registry serves the folder
 * FOLDER/.metalman/new/ID      what is being written; renamed when complete
 * FOLDER/some/name/oci-layout, index.json, blobs/sha256/HEX
 * ```
 */
import type { Descriptor } from "../../registry/media_types.ts";
import { isRepository } from "../../registry/reference.ts";
import {
  byDigest,
  byTag,
  EMPTY_INDEX,
  type LayoutIndex,
  parseLayoutIndex,
  withManifest,
  withoutDigest,
  withoutTag,
} from "./layout_index.ts";
import { nameUnknown, Refusal } from "./refusal.ts";
import type { ManifestReference } from "./routes.ts";

/** The folder of the registry cannot be used; the message says what to do. */
export class RegistryFolderError extends Error {
  /** The class, in logs. */
  override name = "RegistryFolderError";
}

/** An image with all that belongs to it. */
export interface LayoutImage {
  /** Leads to everything else. */
  readonly manifest: Descriptor;
  /** The manifest's and those that it names: digest to bytes. */
  readonly blobs: ReadonlyMap<string, Uint8Array>;
}

/** No component of a repository's name begins with a dot. */
const OWN = ".metalman";
const MAX_INDEX_BYTES = 4 * 1024 * 1024;
/** Folders that are looked through for repositories. */
const MAX_FOLDERS = 20_000;

/** Image layouts in a folder. */
export class LayoutStore implements AsyncDisposable {
  readonly #folder: string;
  readonly #lock: Deno.FsFile;
  /** The last writer of each repository's index. */
  readonly #writers = new Map<string, Promise<unknown>>();

  private constructor(folder: string, lock: Deno.FsFile) {
    this.#folder = folder;
    this.#lock = lock;
  }

  /**
   * Opens a folder, made where it is missing, and removes what a crash left half-written.
   * @throws {RegistryFolderError}
   */
  static async open(folder: string): Promise<LayoutStore> {
    let lock: Deno.FsFile | undefined;
    try {
      await Deno.mkdir(`${folder}/${OWN}/new`, { recursive: true });
      lock = await Deno.open(`${folder}/${OWN}/lock`, { create: true, write: true });
      if (!await lock.tryLock(true)) {
        throw new RegistryFolderError(`image folder ${folder} is in use by another registry; give each its own`);
      }
      for await (const { name } of Deno.readDir(`${folder}/${OWN}/new`)) {
        await Deno.remove(`${folder}/${OWN}/new/${name}`);
      }
      return new LayoutStore(await Deno.realPath(folder), lock);
    } catch (error) {
      lock?.close();
      throw explain(error, folder);
    }
  }

  /** A path for something new, on the same disk as the layouts. */
  newPath(id: string = crypto.randomUUID()): string {
    return `${this.#folder}/${OWN}/new/${id}`;
  }

  /** What a failed call on the folder means. */
  explain(error: unknown): unknown {
    return explain(error, this.#folder);
  }

  /** Names of all repositories, in no order. */
  async repositories(): Promise<string[]> {
    const names: string[] = [];
    const folders = [""];
    for (let seen = 0; folders.length > 0 && seen < MAX_FOLDERS; seen++) {
      const name = folders.pop()!;
      for await (const entry of Deno.readDir(`${this.#folder}/${name}`)) {
        const inner = name === "" ? entry.name : `${name}/${entry.name}`;
        if (entry.name === "oci-layout" && name !== "") names.push(name);
        if (entry.isDirectory && entry.name !== "blobs" && isRepository(inner)) folders.push(inner);
      }
    }
    return names;
  }

  /** The manifests of a repository. @throws {Refusal} when there is none of that name */
  async index(name: string): Promise<LayoutIndex> {
    const path = `${this.#folder}/${name}/index.json`;
    const size = await sizeOf(path);
    if (size === undefined) throw nameUnknown(name);
    const index = size > MAX_INDEX_BYTES ? undefined : parseLayoutIndex(await Deno.readTextFile(path));
    if (index !== undefined) return index;
    throw new RegistryFolderError(`${path} is not the index of an OCI image layout; repair or remove ${name}`);
  }

  /** The manifest that a reference leads to. @throws {Refusal} */
  async manifest(name: string, reference: ManifestReference): Promise<Descriptor | undefined> {
    const index = await this.index(name);
    return "tag" in reference ? byTag(index, reference.tag) : byDigest(index, reference.digest);
  }

  /** Where a blob lies; undefined when it is not there. */
  async blob(name: string, digest: string): Promise<{ readonly path: string; readonly size: number } | undefined> {
    const path = this.#blobPath(name, digest);
    const size = await sizeOf(path);
    return size === undefined ? undefined : { path, size };
  }

  /** The bytes of a blob; undefined when it is not there or is longer. */
  async smallBlob(name: string, digest: string, maxBytes: number): Promise<Uint8Array | undefined> {
    const blob = await this.blob(name, digest);
    return blob === undefined || blob.size > maxBytes ? undefined : await Deno.readFile(blob.path);
  }

  /** Takes over a complete, verified file of {@link newPath}. */
  async adoptBlob(name: string, digest: string, path: string): Promise<void> {
    await this.#exclusively(name, () => this.#makeLayout(name));
    await this.#adopt(name, digest, path);
  }

  async #adopt(name: string, digest: string, path: string): Promise<void> {
    const target = this.#blobPath(name, digest);
    await Deno.mkdir(target.slice(0, target.lastIndexOf("/")), { recursive: true });
    await Deno.rename(path, target);
  }

  async #write(name: string, digest: string, bytes: Uint8Array): Promise<void> {
    const path = this.newPath();
    await Deno.writeFile(path, bytes, { createNew: true });
    await this.#adopt(name, digest, path);
  }

  /** Gives a repository a blob of another one; false when that has none such. */
  async mountBlob(name: string, digest: string, from: string): Promise<boolean> {
    if (await this.blob(name, digest) !== undefined) return true;
    const source = await this.blob(from, digest);
    if (source === undefined) return false;
    const path = this.newPath();
    // Not every file system has hard links.
    await Deno.link(source.path, path).catch(() => Deno.copyFile(source.path, path));
    await this.adoptBlob(name, digest, path);
    return true;
  }

  /** Removes a blob; false when it is not there. */
  async deleteBlob(name: string, digest: string): Promise<boolean> {
    try {
      await Deno.remove(this.#blobPath(name, digest));
      return true;
    } catch (error) {
      if (isAbsent(error)) return false;
      throw error;
    }
  }

  /** Writes a manifest and what leads to it. @param manifest of the bytes */
  async putManifest(name: string, manifest: Descriptor, bytes: Uint8Array, tag?: string): Promise<void> {
    await this.#exclusively(name, async () => {
      await this.#makeLayout(name);
      const index = withManifest(await this.index(name), manifest, tag);
      await this.#write(name, manifest.digest, bytes);
      await this.#writeIndex(name, index);
    });
  }

  /**
   * Writes an image and gives it a tag.
   * @param image as dev/image/build.ts makes it
   * @throws {RegistryFolderError}
   */
  async putImage(name: string, tag: string, { manifest, blobs }: LayoutImage): Promise<void> {
    try {
      await this.#exclusively(name, () => this.#makeLayout(name));
      for (const [digest, bytes] of blobs) {
        const there = digest === manifest.digest || (await this.blob(name, digest))?.size === bytes.length;
        if (!there) await this.#write(name, digest, bytes);
      }
      await this.putManifest(name, manifest, blobs.get(manifest.digest)!, tag);
    } catch (error) {
      throw this.explain(error);
    }
  }

  /** Removes a tag, or a manifest with all its tags. */
  async deleteManifest(name: string, reference: ManifestReference): Promise<void> {
    await this.#exclusively(name, async () => {
      const index = await this.index(name);
      if ("tag" in reference) return await this.#writeIndex(name, withoutTag(index, reference.tag));
      await this.#writeIndex(name, withoutDigest(index, reference.digest));
      await this.deleteBlob(name, reference.digest);
    });
  }

  async #writeIndex(name: string, index: LayoutIndex): Promise<void> {
    const text = JSON.stringify(index);
    if (text.length > MAX_INDEX_BYTES) {
      throw new Refusal(403, "UNSUPPORTED", `repository ${name} is full: delete manifests from it, or use another`);
    }
    await this.#replace(`${this.#folder}/${name}/index.json`, text);
  }

  /** One writer at a time for each repository: it reads what the one before has written. */
  #exclusively(name: string, write: () => Promise<void>): Promise<void> {
    const done = (this.#writers.get(name) ?? Promise.resolve()).then(write);
    const settled = done.catch(() => {}).finally(() => {
      if (this.#writers.get(name) === settled) this.#writers.delete(name);
    });
    this.#writers.set(name, settled);
    return done;
  }

  async #replace(path: string, text: string): Promise<void> {
    const temporary = this.newPath();
    await Deno.writeTextFile(temporary, text, { createNew: true });
    await Deno.rename(temporary, path);
  }

  #blobPath(name: string, digest: string): string {
    return `${this.#folder}/${name}/blobs/${digest.replace(":", "/")}`;
  }

  /** Makes a repository where there is none; its oci-layout comes last. */
  async #makeLayout(name: string): Promise<void> {
    const folder = `${this.#folder}/${name}`;
    if (await sizeOf(`${folder}/oci-layout`) !== undefined) return;
    await Deno.mkdir(`${folder}/blobs/sha256`, { recursive: true });
    if (await sizeOf(`${folder}/index.json`) === undefined) {
      await this.#replace(`${folder}/index.json`, JSON.stringify(EMPTY_INDEX));
    }
    await this.#replace(`${folder}/oci-layout`, JSON.stringify({ imageLayoutVersion: "1.0.0" }));
  }

  /** Waits for what is being written and lets go of the folder. */
  async [Symbol.asyncDispose](): Promise<void> {
    await Promise.all(this.#writers.values());
    this.#lock.close();
  }
}

function isAbsent(error: unknown): boolean {
  return error instanceof Deno.errors.NotFound || error instanceof Deno.errors.NotADirectory;
}

/** Of a regular file; undefined where there is none. */
async function sizeOf(path: string): Promise<number | undefined> {
  try {
    const info = await Deno.stat(path);
    return info.isFile ? info.size : undefined;
  } catch (error) {
    if (isAbsent(error)) return undefined;
    throw error;
  }
}

function explain(error: unknown, folder: string): unknown {
  const code = (error as { code?: unknown } | null)?.code;
  if (error instanceof Refusal || error instanceof RegistryFolderError || typeof code !== "string") return error;
  if (code === "ENOSPC" || code === "EDQUOT") {
    return new RegistryFolderError(
      `the disk of image folder ${folder} is full; free space there or choose another folder`,
    );
  }
  const text = error instanceof Error ? error.message : String(error);
  return new RegistryFolderError(`cannot use image folder ${folder}: ${text}; choose a folder that can be written`);
}

/** A cache folder with a puller, for tests. */
import { createHash } from "node:crypto";
import { ImagePuller, type PullerOptions, type PullRequest } from "../../registry/puller.ts";
import { ImageStore } from "../../registry/store.ts";
import { readBootFile } from "../../pxe/boot_file_store.ts";
import type { StoredImage } from "../../registry/stored_image.ts";
import { run } from "./peer.ts";

/** A cache of its own in a temporary folder. */
export class TestCache implements AsyncDisposable {
  /** Of the cache. */
  readonly folder: string;
  /** What is in it. */
  readonly store: ImageStore;
  /** Fills it. */
  readonly puller: ImagePuller;

  private constructor(folder: string, store: ImageStore, options: Omit<PullerOptions, "store">) {
    this.folder = folder;
    this.store = store;
    this.puller = new ImagePuller({ retryMs: 5, ...options, store });
  }

  /** Opens a new folder, or `folder` again. */
  static async open(options: Omit<PullerOptions, "store"> & { folder?: string } = {}): Promise<TestCache> {
    const folder = options.folder ?? await Deno.makeTempDir({ prefix: "metalman-cache-" });
    return new TestCache(folder, await ImageStore.open(folder), options);
  }

  /** Pulls; the key is the reference. */
  ensure(reference: string, request: Partial<PullRequest> = {}): Promise<StoredImage> {
    return this.puller.ensure({ reference, key: reference, ...request });
  }

  /** What lies in the cache: `images/X`, `tmp/X`. */
  entries(): string[] {
    return ["images", "tmp"].flatMap((part) =>
      [...Deno.readDirSync(`${this.folder}/${part}`)].map(({ name }) => `${part}/${name}`)
    );
  }

  /** Lets go of the folder without removing it. */
  async close(): Promise<void> {
    await this.puller[Symbol.asyncDispose]();
    await this.store[Symbol.asyncDispose]();
  }

  /** Ends it and removes the folder. */
  async [Symbol.asyncDispose](): Promise<void> {
    await this.close();
    await Deno.remove(this.folder, { recursive: true });
  }
}

const hashBytes = (bytes: Uint8Array) => createHash("sha256").update(bytes).digest("hex");

/** SHA-256 of a file, in hex. */
async function hashFile(path: string): Promise<string> {
  return hashBytes(await Deno.readFile(path));
}

/** Regular files below a folder (links to such followed where `find -L` can): path to SHA-256. */
export async function hashFolder(folder: string): Promise<Map<string, string>> {
  const list = await run("find", ["-L", folder, "-type", "f", "-printf", "%P\\n"]);
  const paths = list.split("\n").filter((path) => path !== "").sort();
  return new Map(await Promise.all(paths.map(async (path) => [path, await hashFile(`${folder}/${path}`)] as const)));
}

/** The same for an image: asks it for each of the paths. */
export async function hashImage(image: StoredImage, paths: Iterable<string>): Promise<Map<string, string>> {
  const hashes = new Map<string, string>();
  for (const path of paths) {
    const file = image.file(path);
    hashes.set(path, file === undefined ? "absent" : hashBytes(await readBootFile(file)));
  }
  return hashes;
}

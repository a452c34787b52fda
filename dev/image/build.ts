/** Boot images made without docker: files to a layer, a config and a manifest (OCI image-spec 1.1). */
import { createHash, hash } from "node:crypto";
import type { Descriptor } from "../../registry/media_types.ts";
import { type TarEntry, tarPieces } from "./tar_writer.ts";

/** Files of a boot image: path below /disk, without a leading slash, to content. */
export type ImageFiles = ReadonlyMap<string, Uint8Array>;

/** What an image says of itself. */
export interface BuildOptions {
  /** As Go names it. @default "amd64" */
  readonly architecture?: string;
  /** When it was made, which its files get too. @default 1970 */
  readonly created?: Date;
}

/** An image ready to be pushed or written into a layout. */
export interface BuiltImage {
  /** Leads to everything else. */
  readonly manifest: Descriptor;
  /** All of it, the manifest last: digest to bytes. */
  readonly blobs: ReadonlyMap<string, Uint8Array<ArrayBuffer>>;
  /** Of the layer before it was compressed. */
  readonly diffId: string;
}

const MANIFEST_TYPE = "application/vnd.oci.image.manifest.v1+json";
const CONFIG_TYPE = "application/vnd.oci.image.config.v1+json";
const LAYER_TYPE = "application/vnd.oci.image.layer.v1.tar+gzip";
/** KubeVirt's convention for images that hold disks. */
const ROOT = "disk";

/**
 * Puts files into an image of one layer. The same files and options give the same digests on the same release of Deno.
 * @throws {RangeError} for a path that no image can hold
 */
export async function buildImage(files: ImageFiles, options: BuildOptions = {}): Promise<BuiltImage> {
  const { architecture = "amd64", created = new Date(0) } = options;
  const blobs = new Map<string, Uint8Array<ArrayBuffer>>();
  const add = (mediaType: string, bytes: Uint8Array<ArrayBuffer>): Descriptor => {
    const digest = `sha256:${hash("sha256", bytes, "hex")}`;
    blobs.set(digest, bytes);
    return { mediaType, digest, size: bytes.length };
  };
  const addJson = (mediaType: string, value: unknown) =>
    add(mediaType, new TextEncoder().encode(JSON.stringify(value)));

  const layer = await compressedLayer(entriesOf(files), Math.floor(created.getTime() / 1000));
  const layers = [add(LAYER_TYPE, layer.bytes)];
  const config = addJson(CONFIG_TYPE, {
    created: created.toISOString(),
    architecture,
    os: "linux",
    config: {},
    rootfs: { type: "layers", diff_ids: [layer.diffId] },
  });
  const manifest = addJson(MANIFEST_TYPE, { schemaVersion: 2, mediaType: MANIFEST_TYPE, config, layers });
  return { manifest, blobs, diffId: layer.diffId };
}

/** In one order, which has a folder, and a file that cannot be one, before what lies in it. */
function entriesOf(files: ImageFiles): TarEntry[] {
  const entries = new Map<string, TarEntry>();
  for (const path of [...files.keys()].sort()) {
    const parts = path.split("/");
    if (path.includes("\0") || parts.some((part) => part === "" || part === "." || part === "..")) {
      throw new RangeError(`"${path}" cannot be a file of an image: want a path below /${ROOT} such as boot/vmlinuz`);
    }
    for (let depth = 0; depth < parts.length; depth++) {
      const folder = [ROOT, ...parts.slice(0, depth)].join("/");
      if (entries.get(folder)?.type === "file") throw new RangeError(`"${folder}" is a file and a folder of the image`);
      entries.set(folder, { type: "directory", path: folder });
    }
    const full = `${ROOT}/${path}`;
    entries.set(full, { type: "file", path: full, content: files.get(path)! });
  }
  return [...entries.values()];
}

async function compressedLayer(
  entries: readonly TarEntry[],
  mtime: number,
): Promise<{ readonly bytes: Uint8Array<ArrayBuffer>; readonly diffId: string }> {
  const diff = createHash("sha256");
  const pieces = tarPieces(entries, mtime);
  const tar = new ReadableStream<BufferSource>({
    pull(controller) {
      const { done, value } = pieces.next();
      if (done) return controller.close();
      diff.update(value);
      controller.enqueue(value as Uint8Array<ArrayBuffer>);
    },
  });
  const bytes = await new Response(tar.pipeThrough(new CompressionStream("gzip"))).bytes();
  return { bytes, diffId: `sha256:${diff.digest("hex")}` };
}

/** Manifests, indexes and configurations: OCI image-spec 1.1 and Docker schema 2. */
import { z } from "zod";
import { ManifestError, TooLargeError, UnsupportedError } from "./errors.ts";
import { type Descriptor, IMAGE_TYPES, INDEX_TYPES, MAX_MANIFEST_BYTES } from "./media_types.ts";
import { isDigest } from "./reference.ts";

const MAX_LAYERS = 512;

const CONFIG_TYPES = [
  "application/vnd.oci.image.config.v1+json",
  "application/vnd.docker.container.image.v1+json",
];
const LAYER_TYPE =
  /^application\/vnd\.(oci\.image\.layer\.(nondistributable\.)?v1\.tar(\+(gzip|zstd))?|docker\.image\.rootfs\.(foreign\.)?diff\.tar(\.gzip|\.zstd)?)$/;

const digest = z.string().refine(isDigest, "is not a sha256 or sha512 digest");
const descriptor = z.object({ mediaType: z.string(), digest, size: z.number().int().nonnegative() });
const imageShape = z.object({
  config: descriptor,
  layers: z.array(descriptor).min(1).max(MAX_LAYERS),
});
const indexShape = z.object({
  manifests: z.array(descriptor.extend({
    platform: z.object({ architecture: z.string(), os: z.string(), variant: z.string().optional() }).optional(),
    annotations: z.record(z.string(), z.string()).optional(),
    artifactType: z.string().optional(),
  })).max(1000),
});
const configShape = z.object({
  rootfs: z.object({ type: z.literal("layers"), diff_ids: z.array(digest).max(MAX_LAYERS) }),
});

/** One line of an index. */
export interface IndexEntry extends Descriptor {
  /** Absent where it is not known. */
  readonly platform?: Platform | undefined;
  /** Attestations are told by them. */
  readonly annotations?: Readonly<Record<string, string>> | undefined;
  /** Present on what is no image. */
  readonly artifactType?: string | undefined;
}

/** The manifest of one image. */
export interface ImageManifest {
  /** Not an index. */
  readonly kind: "image";
  /** Names the uncompressed layers. */
  readonly config: Descriptor;
  /** Lowest first. */
  readonly layers: readonly Descriptor[];
}

/** A list of images, one a platform. */
export interface ImageIndex {
  /** Not an image. */
  readonly kind: "index";
  /** Images, and what is attached to them. */
  readonly manifests: readonly IndexEntry[];
}

/** What an image is built for. */
export interface Platform {
  /** `linux`. */
  readonly os: string;
  /** `amd64`, `arm64`, ... as Go names it. */
  readonly architecture: string;
  /** `v7`, `v8`; any when absent. */
  readonly variant?: string | undefined;
}

function parseJson(bytes: Uint8Array, what: string): unknown {
  if (bytes.length > MAX_MANIFEST_BYTES) {
    throw new TooLargeError(`the ${what} has ${bytes.length} bytes; at most ${MAX_MANIFEST_BYTES} are read`);
  }
  try {
    return JSON.parse(new TextDecoder("utf-8", { fatal: true }).decode(bytes));
  } catch {
    throw new ManifestError(`the ${what} is not JSON`);
  }
}

function check<T>(shape: z.ZodType<T>, value: unknown, what: string): T {
  const result = shape.safeParse(value);
  if (result.success) return result.data;
  const issue = result.error.issues[0]!;
  throw new ManifestError(`the ${what} is wrong at ${issue.path.join(".") || "its top"}: ${issue.message}`);
}

/** The type that the document claims, else the header's, else what its fields say (image-spec: mediaType is optional). */
function typeOf(value: unknown, contentType: string): string {
  const { mediaType, manifests, layers } = (value ?? {}) as Record<string, unknown>;
  if (typeof mediaType === "string") return mediaType;
  const header = contentType.split(";")[0]!.trim();
  if ([...IMAGE_TYPES, ...INDEX_TYPES].includes(header)) return header;
  if (Array.isArray(manifests)) return INDEX_TYPES[0]!;
  if (Array.isArray(layers)) return IMAGE_TYPES[0]!;
  return header || "unknown";
}

/**
 * Reads a manifest or an index.
 * @param contentType of the registry's answer
 * @throws {ManifestError} when it is malformed
 * @throws {UnsupportedError} when it or a layer is of a kind that holds no image
 */
export function parseManifest(bytes: Uint8Array, contentType: string): ImageManifest | ImageIndex {
  const value = parseJson(bytes, "manifest");
  const type = typeOf(value, contentType);
  if (INDEX_TYPES.includes(type)) return { kind: "index", ...check(indexShape, value, "image index") };
  if (!IMAGE_TYPES.includes(type)) {
    throw new UnsupportedError(`the manifest is of type "${type.slice(0, 100)}"; want an OCI or Docker schema 2 image`);
  }
  const { config, layers } = check(imageShape, value, "manifest");
  if (!CONFIG_TYPES.includes(config.mediaType)) {
    throw new UnsupportedError(`the manifest holds "${config.mediaType.slice(0, 100)}", which is not an image`);
  }
  for (const { mediaType } of layers) {
    if (!LAYER_TYPE.test(mediaType)) {
      throw new UnsupportedError(`a layer is of type "${mediaType.slice(0, 100)}"; want tar, tar+gzip or tar+zstd`);
    }
  }
  return { kind: "image", config, layers };
}

/**
 * The manifest for a platform. Attestations are no images and never chosen; an index of one image without
 * a platform holds that image.
 * @throws {ManifestError} when the index has none, with those it has
 */
export function choosePlatform({ manifests }: ImageIndex, wanted: Platform): Descriptor {
  const images = manifests.filter((entry) =>
    IMAGE_TYPES.includes(entry.mediaType) && entry.artifactType === undefined &&
    entry.annotations?.["vnd.docker.reference.type"] === undefined && entry.platform?.os !== "unknown"
  );
  const fits = images.filter(({ platform }) =>
    platform?.os === wanted.os && platform.architecture === wanted.architecture
  );
  const exact = fits.find(({ platform }) => wanted.variant !== undefined && platform?.variant === wanted.variant);
  const chosen = exact ??
    (wanted.variant === undefined ? fits[0] : fits.find((e) => e.platform?.variant === undefined)) ??
    (images.length === 1 && images[0]!.platform === undefined ? images[0] : undefined);
  if (chosen !== undefined) return chosen;
  const has = images.map(({ platform: p }) =>
    p ? `${p.os}/${p.architecture}${p.variant ? `/${p.variant}` : ""}` : "any"
  );
  const list = has.slice(0, 20).join(", ") || "no image";
  throw new ManifestError(`the index has no image for ${wanted.os}/${wanted.architecture}; it has ${list}`);
}

/**
 * The digests of the uncompressed layers, as the configuration names them.
 * @throws {ManifestError} when it is malformed or does not match the layers
 */
export function parseDiffIds(bytes: Uint8Array, layers: number): readonly string[] {
  const ids = check(configShape, parseJson(bytes, "image configuration"), "image configuration").rootfs.diff_ids;
  if (ids.length !== layers) {
    throw new ManifestError(`the image configuration names ${ids.length} layers, the manifest ${layers}`);
  }
  return ids;
}

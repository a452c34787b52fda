/** What the distribution API speaks of; apart from manifest.ts, so that the worker starts without a validator. */

/** No manifest, index or configuration is read beyond this. */
export const MAX_MANIFEST_BYTES = 4 * 1024 * 1024;

/** Manifests of one image. */
export const IMAGE_TYPES: readonly string[] = [
  "application/vnd.oci.image.manifest.v1+json",
  "application/vnd.docker.distribution.manifest.v2+json",
];

/** Lists of manifests. */
export const INDEX_TYPES: readonly string[] = [
  "application/vnd.oci.image.index.v1+json",
  "application/vnd.docker.distribution.manifest.list.v2+json",
];

/** The Accept header of a manifest request. */
export const MANIFEST_ACCEPT: string = [...IMAGE_TYPES, ...INDEX_TYPES].join(", ");

/** What a manifest points to. */
export interface Descriptor {
  /** Of the blob or manifest. */
  readonly mediaType: string;
  /** `sha256:...` or `sha512:...`. */
  readonly digest: string;
  /** Bytes. */
  readonly size: number;
}

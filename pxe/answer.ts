/** What a path means for a client: the one question that TFTP and HTTP ask. */

import type { BootFile } from "./image.ts";

/** Answer to (client, path). */
export type FileAnswer =
  /** A file of the image, as it lies on disk. */
  | (BootFile & { readonly kind: "file"; readonly etag: string })
  /** Bytes made for this machine: a rendered template, its user-data. */
  | { readonly kind: "bytes"; readonly body: Uint8Array; readonly etag: string }
  /** The image is not local yet: HTTP 503 with Retry-After, TFTP error 0. */
  | { readonly kind: "notYet"; readonly reason: string }
  /** Unknown client or file: HTTP 404, TFTP error 1. */
  | { readonly kind: "notFound"; readonly reason: string }
  /** The template fails: HTTP 500, TFTP error 0 (contract 11.14). */
  | { readonly kind: "failed"; readonly reason: string };

/**
 * Resolves a path for a client; never waits for network or API.
 * @param client the client's IPv4 address as an unsigned 32-bit number
 * @param path as the client sent it; the resolver normalises it (pxe/paths.ts)
 */
export type FileResolver = (client: number, path: string) => FileAnswer | Promise<FileAnswer>;

/** What can go wrong between an image reference and its files: one class for each thing one can act on. */

/** The image cannot be had; the message says why and what to do. */
export class PullError extends Error {
  /** The class, in logs. */
  override name = "PullError";
}

/** The text is not an image reference. */
export class ImageReferenceError extends PullError {
  /** The class, in logs. */
  override name = "ImageReferenceError";
}
/** The registry's name does not resolve. */
export class DnsError extends PullError {
  /** The class, in logs. */
  override name = "DnsError";
}
/** The registry's certificate is not trusted, or it does not speak TLS. */
export class TlsError extends PullError {
  /** The class, in logs. */
  override name = "TlsError";
}
/** The registry does not answer, or answers with an error of its own. */
export class UnavailableError extends PullError {
  /** The class, in logs. */
  override name = "UnavailableError";
  /** How long the registry asks to be left alone; 0 when it did not say. */
  readonly retryAfterMs: number;

  /**
   * An answer that says to come back later, or none.
   * @param retryAfterMs from its Retry-After header
   */
  constructor(message: string, retryAfterMs = 0) {
    super(message);
    this.retryAfterMs = retryAfterMs;
  }
}
/** The credentials are missing, wrong, or not allowed to read the image. */
export class UnauthorizedError extends PullError {
  /** The class, in logs. */
  override name = "UnauthorizedError";
}
/** Credentials are configured and cannot be used: bad file, failing helper, missing Secret. */
export class CredentialsError extends PullError {
  /** The class, in logs. */
  override name = "CredentialsError";
}
/** The registry has no such image or blob. */
export class NotFoundError extends PullError {
  /** The class, in logs. */
  override name = "NotFoundError";
}
/** Bytes whose digest is not the announced one. */
export class DigestError extends PullError {
  /** The class, in logs. */
  override name = "DigestError";
}
/** The registry ended a blob before its announced size, again and again. */
export class CutShortError extends PullError {
  /** The class, in logs. */
  override name = "CutShortError";
}
/** The manifest, index or configuration cannot be used. */
export class ManifestError extends PullError {
  /** The class, in logs. */
  override name = "ManifestError";
}
/** A media type or compression that metalman does not read. */
export class UnsupportedError extends PullError {
  /** The class, in logs. */
  override name = "UnsupportedError";
}
/** A layer whose archive or compressed stream is damaged or hostile. */
export class LayerError extends PullError {
  /** The class, in logs. */
  override name = "LayerError";
}
/** The image is bigger than the limits allow. */
export class TooLargeError extends PullError {
  /** The class, in logs. */
  override name = "TooLargeError";
}
/** The image has no files below /disk, or its metadata.yaml is wrong. */
export class ContentError extends PullError {
  /** The class, in logs. */
  override name = "ContentError";
}
/** The disk of the cache is full or cannot be written. */
export class CacheFullError extends PullError {
  /** The class, in logs. */
  override name = "CacheFullError";
}
/** The cache folder cannot be used: another process holds it, or rights are missing. */
export class CacheFolderError extends PullError {
  /** The class, in logs. */
  override name = "CacheFolderError";
}

const CLASSES = [
  ImageReferenceError,
  DnsError,
  TlsError,
  UnavailableError,
  UnauthorizedError,
  CredentialsError,
  NotFoundError,
  DigestError,
  CutShortError,
  ManifestError,
  UnsupportedError,
  LayerError,
  TooLargeError,
  ContentError,
  CacheFullError,
  CacheFolderError,
];
/** What a failure can be called: the names of the classes here. */
export const PULL_ERRORS: readonly string[] = [PullError, ...CLASSES].map((type) => new type("").name);
const BY_NAME = new Map(CLASSES.map((type) => [new type("").name, type]));

/** An error as it crosses from a worker. */
export interface ErrorMessage {
  /** Of the class. */
  readonly name: string;
  /** As it was. */
  readonly message: string;
}

/** The error again, of its own class; an unexpected one becomes a plain {@link PullError}. */
export function reviveError({ name, message }: ErrorMessage): PullError {
  return new (BY_NAME.get(name) ?? PullError)(message);
}

/** What the registry refuses, in the words of OCI distribution-spec 1.1, Error Codes. */

/** The specification's codes, and `UNKNOWN` for what is this server's own trouble. */
export type ErrorCode =
  | "BLOB_UNKNOWN"
  | "BLOB_UPLOAD_INVALID"
  | "BLOB_UPLOAD_UNKNOWN"
  | "DENIED"
  | "DIGEST_INVALID"
  | "MANIFEST_BLOB_UNKNOWN"
  | "MANIFEST_INVALID"
  | "MANIFEST_UNKNOWN"
  | "NAME_INVALID"
  | "NAME_UNKNOWN"
  | "SIZE_INVALID"
  | "TOOMANYREQUESTS"
  | "UNKNOWN"
  | "UNSUPPORTED";

/** A request that is answered with an error. */
export class Refusal extends Error {
  /** The class, in logs. */
  override name = "Refusal";
  /** Of the response. */
  readonly status: number;
  /** For programs. */
  readonly code: ErrorCode;
  /** Of the response, besides those that every one has. */
  readonly headers: Readonly<Record<string, string>>;

  /**
   * One reason for one request.
   * @param message for people: names the object and the way out
   */
  constructor(status: number, code: ErrorCode, message: string, headers: Readonly<Record<string, string>> = {}) {
    super(message);
    this.status = status;
    this.code = code;
    this.headers = headers;
  }

  /** The body of the response. */
  get body(): string {
    return JSON.stringify({ errors: [{ code: this.code, message: this.message }] });
  }
}

/** No repository has that name. */
export function nameUnknown(name: string): Refusal {
  return new Refusal(404, "NAME_UNKNOWN", `there is no repository ${name}`);
}

/** The repository lacks the manifest; `reference` is a tag or a digest. */
export function manifestUnknown(name: string, reference: string): Refusal {
  return new Refusal(404, "MANIFEST_UNKNOWN", `repository ${name} has no manifest ${reference}`);
}

/** The repository lacks the blob. */
export function blobUnknown(name: string, digest: string): Refusal {
  return new Refusal(404, "BLOB_UNKNOWN", `repository ${name} has no blob ${digest}`);
}

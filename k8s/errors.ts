/** What can go wrong with an API server, one class for each thing that a caller can act on. */
import { describeMissingRight, grantCommand, type MissingRight, missingRight } from "./missing_right.ts";

/** The API server answered, and refused. */
export class ApiError extends Error {
  /** The class, in logs. */
  override name = "ApiError";
  /** HTTP status. */
  readonly status: number;
  /** `NotFound`, `Conflict`, `Expired`...: the answer's own word for it, or empty. */
  readonly reason: string;
  /** Status.message: the answer's own text, or empty. */
  readonly detail: string;
  /** Who may not do what, and how to grant it; absent where that is not what the answer says. */
  readonly missingRight?: string;
  /** How long the server asks to wait. */
  readonly retryAfterMs?: number;

  /**
   * Puts the message together.
   * @param request what was asked, such as `GET /api/v1/nodes`
   */
  constructor(request: string, status: number, details: ApiErrorDetails = {}) {
    const { reason = "", message = "", retryAfterMs, grant = grantCommand } = details;
    const right = status === 403 ? missingRight(message) : undefined;
    const said = right === undefined ? message : describeMissingRight(right, grant(right));
    super(`${request}: ${status}${reason === "" ? "" : ` ${reason}`}${said === "" ? "" : `: ${said}`}`);
    if (right !== undefined) this.missingRight = said;
    this.status = status;
    this.reason = reason;
    this.detail = message;
    if (retryAfterMs !== undefined) this.retryAfterMs = retryAfterMs;
  }
}

/** What an answer says besides its status. */
export interface ApiErrorDetails {
  /** Status.reason. */
  readonly reason?: string;
  /** Status.message. */
  readonly message?: string;
  /** From the header Retry-After. */
  readonly retryAfterMs?: number;
  /** Names the command that grants a right. @default one that grants this right alone */
  readonly grant?: (right: MissingRight) => string;
}

/** No answer, or not a whole one: the server is away, the network is, or a certificate is not trusted. */
export class ConnectionError extends Error {
  /** The class, in logs. */
  override name = "ConnectionError";
  /** `ECONNREFUSED`, `ETIMEDOUT`, `SELF_SIGNED_CERT_IN_CHAIN`... */
  readonly code: string;

  /**
   * Puts the message together.
   * @param what whom it was about, such as the server's URL
   */
  constructor(what: string, code: string, detail = "") {
    const hint = HINTS[code];
    super(`${what}: ${code}${detail === "" ? "" : ` ${detail}`}${hint === undefined ? "" : ` (${hint})`}`);
    this.code = code;
  }
}

const HINTS: Readonly<Record<string, string>> = {
  SELF_SIGNED_CERT_IN_CHAIN: "is this cluster's certificate-authority the right one?",
  DEPTH_ZERO_SELF_SIGNED_CERT: "is this cluster's certificate-authority the right one?",
  UNABLE_TO_VERIFY_LEAF_SIGNATURE: "wrong certificate-authority, a certificate out of date, or a wrong clock here",
  ERR_TLS_CERT_ALTNAME_INVALID: "the certificate is for another name; tls-server-name can say which",
  ERR_SSL_TLSV13_ALERT_CERTIFICATE_REQUIRED: "the server wants a client certificate",
};

/** An answer without end has gone silent: either nothing happens, or the connection is dead. */
export class SilenceError extends ConnectionError {
  /** The class, in logs. */
  override name = "SilenceError";
}

/** An answer is longer than what is accepted. */
export class TooLargeError extends Error {
  /** The class, in logs. */
  override name = "TooLargeError";
}

/** An answer or a watch that is not what an API server sends. */
export class GarbageError extends Error {
  /** The class, in logs. */
  override name = "GarbageError";
}

/** A kubeconfig, token file or plugin that cannot be used; the message names file and field and the way out. */
export class ConfigError extends Error {
  /** The class, in logs. */
  override name = "ConfigError";
}

/** Whether trying the same again later may help. */
export function isTransient(error: unknown): boolean {
  if (error instanceof ConnectionError) return true;
  return error instanceof ApiError && (error.status === 429 || error.status >= 500);
}

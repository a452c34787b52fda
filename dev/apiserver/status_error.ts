/** Refusals as Kubernetes words them: a metav1.Status with its HTTP code. */
import type { JsonObject } from "./object.ts";
import { type Kind, qualifiedPlural } from "./kind.ts";

/** One field that is wrong. */
export interface FieldError {
  /** `FieldValueRequired`, `FieldValueInvalid`, `FieldManagerConflict` ... */
  readonly reason: string;
  /** `spec.pxe.dhcpLeases[0].mac`. */
  readonly field: string;
  /** Without the field's name. */
  readonly message: string;
}

/** What details say of the object. */
interface Details {
  readonly name?: string;
  readonly group?: string;
  readonly kind?: string;
  readonly uid?: string;
  readonly causes?: readonly (FieldError | Omit<FieldError, "field">)[];
  readonly retryAfterSeconds?: number;
}

/** A request that is refused. */
export class StatusError extends Error {
  /** The class, in logs. */
  override name = "StatusError";
  /** HTTP status. */
  readonly code: number;
  /** metav1.StatusReason; empty for the few errors that Kubernetes gives none. */
  readonly reason: string;
  readonly #details: Details | undefined;
  readonly #metadata: JsonObject;

  /** Made by the functions below. */
  constructor(code: number, reason: string, message: string, details?: Details, metadata: JsonObject = {}) {
    super(message);
    this.#metadata = metadata;
    this.code = code;
    this.reason = reason;
    this.#details = details;
  }

  /** The body of the answer. */
  get status(): JsonObject {
    const { message, code } = this;
    const reason: JsonObject = this.reason === "" ? {} : { reason: this.reason };
    const details: JsonObject = this.#details === undefined
      ? {}
      : { details: structuredClone(this.#details) as JsonObject };
    const metadata = this.#metadata;
    return { kind: "Status", apiVersion: "v1", metadata, status: "Failure", message, ...reason, ...details, code };
  }
}

type Named = Pick<Kind, "group" | "plural">;
const of = (kind: Named, name: string): Details => ({
  name,
  ...(kind.group ? { group: kind.group } : {}),
  kind: kind.plural,
});

/** There is no such object. */
export function notFound(kind: Named, name: string): StatusError {
  return new StatusError(404, "NotFound", `${qualifiedPlural(kind)} "${name}" not found`, of(kind, name));
}

/** The path means nothing. */
export function noSuchPath(): StatusError {
  return new StatusError(404, "NotFound", "the server could not find the requested resource", {});
}

/** The name is taken, maybe by an object that waits for its finalizers. */
export function alreadyExists(kind: Named, name: string, isBeingDeleted = false): StatusError {
  const message = `${qualifiedPlural(kind)} "${name}" already exists`;
  return new StatusError(
    409,
    "AlreadyExists",
    isBeingDeleted ? `object is being deleted: ${message}` : message,
    of(kind, name),
  );
}

/** Another has written since, or a precondition does not hold; `why` is what Kubernetes says after the colon. */
export function conflict(
  kind: Named,
  name: string,
  why = "the object has been modified; please apply your changes to the latest version and try again",
): StatusError {
  const message = `Operation cannot be fulfilled on ${qualifiedPlural(kind)} "${name}": ${why}`;
  return new StatusError(409, "Conflict", message, of(kind, name));
}

/** Fields of other appliers would be overwritten; each cause names a field and who has it. */
export function applyConflict(message: string, causes: readonly FieldError[]): StatusError {
  return new StatusError(409, "Conflict", message, { causes });
}

/** The object breaks its schema. */
export function invalid(kind: Pick<Kind, "group" | "kind">, name: string, causes: readonly FieldError[]): StatusError {
  const texts = [...new Set(causes.map(({ field, message }) => `${field}: ${message}`))];
  const what = kind.group === "" ? kind.kind : `${kind.kind}.${kind.group}`;
  const list = texts.length === 1 ? texts[0] : `[${texts.join(", ")}]`;
  const group = kind.group ? { group: kind.group } : {};
  return new StatusError(422, "Invalid", `${what} "${name}" is invalid: ${list}`, {
    ...(name === "" ? {} : { name }),
    ...group,
    kind: kind.kind,
    causes,
  });
}

/** The request cannot be understood. */
export function badRequest(message: string): StatusError {
  return new StatusError(400, "BadRequest", message);
}

/** What was asked for has been forgotten: resourceVersion or continue token; then there is a token to go on with, at another revision. */
export function expired(message: string, continueToken?: string): StatusError {
  const metadata: JsonObject = continueToken === undefined ? {} : { continue: continueToken };
  return new StatusError(410, "Expired", message, undefined, metadata);
}

/** The revision asked for is yet to come. */
export function tooLargeVersion(asked: number, current: number): StatusError {
  const message = "Too large resource version";
  return new StatusError(504, "Timeout", `Timeout: ${message}: ${asked}, current: ${current}`, {
    causes: [{ reason: "ResourceVersionTooLarge", message }],
    retryAfterSeconds: 1,
  });
}

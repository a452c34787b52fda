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
  readonly causes?: readonly FieldError[];
}

/** A request that is refused. */
export class StatusError extends Error {
  /** The class, in logs. */
  override name = "StatusError";
  /** HTTP status. */
  readonly code: number;
  /** metav1.StatusReason. */
  readonly reason: string;
  readonly #details: Details | undefined;

  /** Made by the functions below. */
  constructor(code: number, reason: string, message: string, details?: Details) {
    super(message);
    this.code = code;
    this.reason = reason;
    this.#details = details;
  }

  /** The body of the answer. */
  get status(): JsonObject {
    const { message, reason, code } = this;
    const details: JsonObject = this.#details === undefined
      ? {}
      : { details: structuredClone(this.#details) as JsonObject };
    return { kind: "Status", apiVersion: "v1", metadata: {}, status: "Failure", message, reason, ...details, code };
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

/** The name is taken. */
export function alreadyExists(kind: Named, name: string): StatusError {
  return new StatusError(409, "AlreadyExists", `${qualifiedPlural(kind)} "${name}" already exists`, of(kind, name));
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
  const texts = causes.map(({ field, message }) => `${field}: ${message}`);
  const what = kind.group === "" ? kind.kind : `${kind.kind}.${kind.group}`;
  const list = texts.length === 1 ? texts[0] : `[${texts.join(", ")}]`;
  const group = kind.group ? { group: kind.group } : {};
  return new StatusError(422, "Invalid", `${what} "${name}" is invalid: ${list}`, {
    name,
    ...group,
    kind: kind.kind,
    causes,
  });
}

/** The request cannot be understood. */
export function badRequest(message: string): StatusError {
  return new StatusError(400, "BadRequest", message);
}

/** What was asked for has been forgotten: resourceVersion or continue token. */
export function expired(message: string): StatusError {
  return new StatusError(410, "Expired", message);
}

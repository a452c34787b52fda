/** What happens to every object that is sent, before the verbs look at it: unknown fields go, defaults come, and it must hold its schema. */
import { foldStringData } from "./built_in_rules.ts";
import { decodeProblem } from "./go_decode.ts";
import { defaultKind } from "./kinds/default_kind.ts";
import { validateKind } from "./kinds/validate_kind.ts";
import type { Kind } from "./kind.ts";
import { validateMetadata, validateMetadataUpdate } from "./metadata_validate.ts";
import type { ApiObject, Json, Metadata } from "./object.ts";
import { applyDefaults } from "./schema_default.ts";
import { prune } from "./schema_prune.ts";
import { validate, validateStatus } from "./schema_validate.ts";
import { strictComplaints } from "./strict_fields.ts";
import { badRequest, invalid } from "./status_error.ts";
import type { FieldValidation } from "./write_options.ts";

/** An empty text, list or object in metadata is as if it were not there. */
function isEmpty(value: Json): boolean {
  if (value === null || value === "") return true;
  return typeof value === "object" && Object.keys(value).length === 0;
}

function tidyMetadata(metadata: Metadata): void {
  for (const [field, value] of Object.entries(metadata)) if (isEmpty(value)) delete metadata[field];
  delete metadata["selfLink"];
}

/**
 * Makes an object that was sent, in place, one that could be stored.
 * @param text its JSON, where that was sent
 * @returns warnings for the client
 * @throws {StatusError} 400 for what cannot be read, and for unknown and repeated fields, where they are not to be dropped
 */
export function admit(kind: Kind, object: ApiObject, fieldValidation: FieldValidation, text?: string): string[] {
  const what = `${kind.kind} in version "${kind.version}" cannot be handled as a ${kind.kind}`;
  const unreadable = decodeProblem(kind, object);
  if (unreadable !== undefined) throw badRequest(`${what}: ${unreadable}`);
  const unknown = prune(object, kind.schema);
  const complaints = fieldValidation === "Ignore"
    ? []
    : text === undefined
    ? unknown.map((path) => `unknown field "${path}"`)
    : strictComplaints(kind, text, unknown);
  if (fieldValidation === "Strict" && complaints.length > 0) {
    throw badRequest(`${what}: strict decoding error: ${complaints.join(", ")}`);
  }
  tidyMetadata(object.metadata);
  applyDefaults(object, kind.schema);
  defaultKind(kind, object);
  if (kind.builtIn && kind.kind === "Secret") foldStringData(object);
  return complaints;
}

/**
 * Refuses an object that breaks the rules of its kind, or a change that it does not allow; `status`: only that is written.
 * @throws {StatusError} 422
 */
export function mustBeValid(kind: Kind, object: ApiObject, before?: ApiObject, status = false): void {
  const metadata = before === undefined ? validateMetadata(kind, object) : validateMetadataUpdate(kind, before, object);
  const check = status ? validateStatus : validate;
  const rest = kind.builtIn ? validateKind(kind, object, before) : check(object, kind.schema);
  const errors = [...metadata, ...rest];
  if (errors.length > 0) throw invalid(kind, object.metadata.name ?? "", errors);
}

/** What happens to every object that is sent, before the verbs look at it: unknown fields go, defaults come, and it must hold its schema. */
import { foldStringData } from "./built_in_rules.ts";
import { decodeProblem } from "../schema/go_decode.ts";
import { defaultKind } from "../kinds/default_kind.ts";
import { OBJECT_META } from "../kinds/definitions.ts";
import { validateKind } from "../kinds/validate_kind.ts";
import type { Kind } from "../kind.ts";
import { validateMetadata, validateMetadataUpdate } from "../schema/metadata_validate.ts";
import type { ApiObject, Json, Metadata } from "../object.ts";
import { omitEmpty } from "./omit_empty.ts";
import { uncheckedRules } from "../schema/cel_rules.ts";
import { applyDefaults } from "../schema/schema_default.ts";
import { prune } from "../schema/schema_prune.ts";
import { validate, validateStatus } from "../schema/schema_validate.ts";
import { strictComplaints } from "../schema/strict_fields.ts";
import { badRequest, invalid, type StatusError } from "../status_error.ts";
import type { FieldValidation } from "./write_options.ts";

/** An empty text, list or object in metadata is as if it were not there. */
function isEmpty(value: Json): boolean {
  if (value === null || value === "") return true;
  return typeof value === "object" && Object.keys(value).length === 0;
}

function tidyMetadata(metadata: Metadata): void {
  for (const [field, value] of Object.entries(metadata)) {
    // Who sends no managedFields at all keeps them; who sends an empty list resets them.
    if (field !== "managedFields" && isEmpty(value)) delete metadata[field];
  }
  delete metadata["selfLink"];
}

/** Empty managedFields say something: that nobody is to own anything. */
function tidyCollections(kind: Kind, object: ApiObject): void {
  const { managedFields } = object.metadata;
  if (kind.builtIn) omitEmpty(object, kind.schema);
  omitEmpty(object.metadata, OBJECT_META);
  if (managedFields !== undefined) object.metadata["managedFields"] = managedFields;
}

/** How many fields a JSON text has, or more, or NaN: what looks like one may be within a text, of which managedFields have many. */
function fieldsOfText(json: string): number {
  // A quote after a backslash ends no name, unless the backslash is one of two.
  if (json.includes('\\\\"')) return NaN;
  return json.match(/(?<!\\)"\s*:/g)?.length ?? 0;
}

/** How many fields a value has; fewer than its text when some were given twice. */
function fieldsOf(value: Json): number {
  if (typeof value !== "object" || value === null) return 0;
  if (Array.isArray(value)) return value.reduce<number>((sum, item) => sum + fieldsOf(item), 0);
  let count = 0;
  for (const field in value) count += 1 + fieldsOf(value[field]!);
  return count;
}

/** How an object came. */
export interface Sent {
  /** What becomes of fields that its schema does not know, and of those given twice. */
  readonly fieldValidation: FieldValidation;
  /** Its JSON, where that was sent. */
  readonly text?: string;
  /** Words what cannot be read. @default as for an object that was sent whole */
  readonly refuse?: (problem: string) => StatusError;
}

/**
 * Makes an object that was sent, in place, one that could be stored.
 * @returns warnings for the client
 * @throws {StatusError} for what cannot be read, and for unknown and repeated fields, where they are not to be dropped
 */
export function admit(
  kind: Kind,
  object: ApiObject,
  { fieldValidation, text, refuse = unreadable(kind) }: Sent,
): string[] {
  const problem = decodeProblem(kind, object);
  if (problem !== undefined) throw refuse(problem);
  const isTextNeeded = text !== undefined && fieldsOfText(text) !== fieldsOf(object);
  const unknown = prune(object, kind.schema);
  const complaints = fieldValidation === "Ignore"
    ? []
    : text === undefined || unknown.length === 0 && !isTextNeeded
    ? unknown.map((path) => `unknown field "${path}"`)
    : strictComplaints(kind, text, unknown);
  if (fieldValidation === "Strict" && complaints.length > 0) {
    throw refuse(`strict decoding error: ${complaints.join(", ")}`);
  }
  tidyCollections(kind, object);
  tidyMetadata(object.metadata);
  applyDefaults(object, kind.schema);
  defaultKind(kind, object);
  if (kind.builtIn && kind.kind === "Secret") foldStringData(object);
  return complaints;
}

function unreadable({ kind, version }: Kind): (problem: string) => StatusError {
  return (problem) => badRequest(`${kind} in version "${version}" cannot be handled as a ${kind}: ${problem}`);
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
  if (errors.length === 0) return;
  throw invalid(kind, object.metadata.name ?? "", [...errors, ...uncheckedRules(kind.schema, errors)]);
}

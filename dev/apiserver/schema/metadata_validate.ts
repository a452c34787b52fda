/** What metadata may hold, in the words of the real server. */
import { forbidden, invalidValue, quoted, requiredValue, tooLong } from "./field_error.ts";
import type { Kind } from "../kind.ts";
import { labelKeyProblems, labelValueProblems } from "../verbs/label_names.ts";
import { type ApiObject, isJsonObject, type Json, type JsonObject } from "../object.ts";
import { nameProblems } from "./object_names.ts";
import type { FieldError } from "../status_error.ts";

/** All annotations of an object together, in bytes. */
const MAX_ANNOTATIONS = 256 * 1024;
/** Finalizers of Kubernetes itself, which have no domain. */
const OWN_FINALIZERS = new Set(["kubernetes", "orphan", "foregroundDeletion"]);

const text = (value: Json | undefined) => typeof value === "string" ? value : "";
const entries = (value: Json | undefined): [string, string][] =>
  isJsonObject(value) ? Object.entries(value).map(([key, of]) => [key, text(of)]) : [];
const bytes = (value: string) => new TextEncoder().encode(value).length;

function nameErrors(kind: Kind, { name, generateName, namespace }: JsonObject): FieldError[] {
  const errors: FieldError[] = [];
  const prefix = text(generateName);
  if (prefix !== "") {
    for (const problem of nameProblems(kind, prefix, true)) {
      errors.push(invalidValue("metadata.generateName", prefix, problem));
    }
  }
  if (text(name) === "") errors.push(requiredValue("metadata.name", "name or generateName is required"));
  else {
    for (const problem of nameProblems(kind, text(name))) {
      errors.push(invalidValue("metadata.name", text(name), problem));
    }
  }
  if (kind.namespaced && text(namespace) === "") errors.push(requiredValue("metadata.namespace"));
  return errors;
}

/** Labels, of an object or of what it makes. */
export function labelErrors(labels: Json | undefined, field: string): FieldError[] {
  return entries(labels).flatMap(([key, value]) => [
    ...labelKeyProblems(key).map((problem) => invalidValue(field, key, problem)),
    ...labelValueProblems(value).map((problem) => invalidValue(field, value, problem)),
  ]);
}

function annotationErrors(annotations: Json | undefined, field: string): FieldError[] {
  const all = entries(annotations);
  const errors = all.flatMap(([key]) =>
    labelKeyProblems(key.toLowerCase()).map((problem) => invalidValue(field, key, problem))
  );
  const size = all.reduce((sum, [key, value]) => sum + bytes(key) + bytes(value), 0);
  return size > MAX_ANNOTATIONS ? [...errors, tooLong(field, MAX_ANNOTATIONS)] : errors;
}

const REFERENCE_FIELDS = ["apiVersion", "kind", "name", "uid", "controller", "blockOwnerDeletion"];

/** A reference with its fields in the order that texts show them. */
function inOrder(reference: JsonObject): JsonObject {
  const known = REFERENCE_FIELDS.filter((field) => reference[field] !== undefined);
  return Object.fromEntries(known.map((field) => [field, reference[field]!]));
}

function ownerErrors(references: Json | undefined, field: string): FieldError[] {
  const all = Array.isArray(references) ? references.filter(isJsonObject) : [];
  const errors = all.flatMap((reference) => {
    const { apiVersion, kind, name, uid } = reference;
    const parts = text(apiVersion).split("/");
    const version = parts.length > 2 ? "" : parts.at(-1) ?? "";
    const found: FieldError[] = [];
    if (version === "") found.push(invalidValue(`${field}.apiVersion`, text(apiVersion), "version must not be empty"));
    for (const [of, value] of Object.entries({ kind, name, uid })) {
      if (text(value) === "") found.push(invalidValue(`${field}.${of}`, "", "must not be empty"));
    }
    if (kind === "Event" && apiVersion === "v1") {
      const message = `Invalid value: ${written(reference)}: /v1, Kind=Event is disallowed from being an owner`;
      found.push({ reason: "FieldValueInvalid", field, message });
    }
    return found;
  });
  const controllers = all.filter(({ controller }) => controller === true);
  const [first, second] = controllers;
  if (first !== undefined && second !== undefined) {
    const shown = `${text(first.kind)}/${text(first.name)} and ${text(second.kind)}/${text(second.name)}`;
    const detail = `Only one reference can have Controller set to true. Found "true" in references for ${shown}`;
    const reason = "FieldValueInvalid";
    errors.push({ reason, field, message: `Invalid value: [${all.map(written).join(",")}]: ${detail}` });
  }
  return errors;
}

const written = (reference: JsonObject) => JSON.stringify(inOrder(reference));

function finalizerErrors(finalizers: Json | undefined, field: string): FieldError[] {
  const all = Array.isArray(finalizers) ? finalizers.map(text) : [];
  const errors = all.flatMap((name) => labelKeyProblems(name).map((problem) => invalidValue(field, name, problem)));
  if (all.includes("orphan") && all.includes("foregroundDeletion")) {
    errors.push(invalidValue(field, all, "finalizer orphan and foregroundDeletion cannot be both set"));
  }
  return errors;
}

/** Finalizers without a domain: only some kinds refuse them. */
function bareFinalizers(finalizers: Json | undefined): FieldError[] {
  const all = Array.isArray(finalizers) ? finalizers.map(text) : [];
  return all.flatMap((name, index) => {
    if (name.includes("/") || OWN_FINALIZERS.has(name)) return [];
    const detail = "name is neither a standard finalizer name nor is it fully qualified";
    return [invalidValue(`metadata.finalizers[${index}]`, name, detail)];
  });
}

/** What is wrong with metadata apart from name and namespace; `path` is `metadata`, or that of an object within another. */
export function metadataErrors(metadata: JsonObject, path: string): FieldError[] {
  return [
    ...labelErrors(metadata.labels, `${path}.labels`),
    ...annotationErrors(metadata.annotations, `${path}.annotations`),
    ...ownerErrors(metadata.ownerReferences, `${path}.ownerReferences`),
    ...finalizerErrors(metadata.finalizers, `${path}.finalizers`),
  ];
}

/** How often the real server makes, and reports, the checks of an update: of what is immutable, of all, of bare finalizers. */
type Rounds = readonly [immutable: number, all: number, bare: number];
const MOST: Rounds = [2, 4, 2];
const ROUNDS: Readonly<Record<string, Rounds>> = {
  ConfigMap: MOST,
  Secret: MOST,
  Node: MOST,
  Namespace: MOST,
  ServiceAccount: MOST,
  Service: [2, 3, 1],
  Deployment: [2, 3, 1],
  Lease: [2, 3, 0],
  Event: [1, 2, 0],
};
const CUSTOM: Rounds = [2, 3, 0];
const roundsOf = ({ builtIn, kind }: Kind) => (builtIn ? ROUNDS[kind] : undefined) ?? CUSTOM;
const times = (count: number, errors: readonly FieldError[]): FieldError[] => Array(count).fill(errors).flat();

/** What is wrong with an object's metadata; the types of its fields are taken for right. */
export function validateMetadata(kind: Kind, { metadata }: ApiObject): FieldError[] {
  const bare = roundsOf(kind)[2] > 0 ? bareFinalizers(metadata.finalizers) : [];
  return [...nameErrors(kind, metadata), ...metadataErrors(metadata, "metadata"), ...bare];
}

const IMMUTABLE = ["deletionTimestamp", "deletionGracePeriodSeconds"];

function newFinalizers(before: ApiObject, after: ApiObject): FieldError[] {
  const had = Array.isArray(before.metadata.finalizers) ? before.metadata.finalizers : [];
  const has = Array.isArray(after.metadata.finalizers) ? after.metadata.finalizers : [];
  const added = has.filter((name) => !had.includes(name));
  if (before.metadata.deletionTimestamp === undefined || added.length === 0) return [];
  const list = added.map((name) => `"${name}"`).join(", ");
  const detail =
    `no new finalizers can be added if the object is being deleted, found new finalizers []string{${list}}`;
  return [forbidden("metadata.finalizers", detail)];
}

/**
 * What an update may not change in metadata, and what is wrong with it. Name, namespace and uid are those of the object
 * that is updated, or the update is another object's; the real server says some things several times, and so does this.
 */
export function validateMetadataUpdate(kind: Kind, before: ApiObject, after: ApiObject): FieldError[] {
  const [immutable, all, bare] = roundsOf(kind);
  const changed = IMMUTABLE.flatMap((name) => {
    const [was, is] = [before.metadata[name] ?? null, after.metadata[name] ?? null];
    return was === is || is === null ? [] : [invalidValue(`metadata.${name}`, is, "field is immutable")];
  });
  return [
    ...times(immutable, [...changed, ...newFinalizers(before, after)]),
    ...times(all, metadataErrors(after.metadata, "metadata")),
    ...times(bare, bareFinalizers(after.metadata.finalizers)),
  ];
}

/** Finalizers that an object of a CustomResourceDefinition may have and should not; built-in kinds refuse them. */
export function metadataWarnings(kind: Kind, { metadata }: ApiObject, before?: ApiObject): string[] {
  const { finalizers } = metadata;
  const had = before?.metadata.finalizers;
  if (kind.builtIn || !Array.isArray(finalizers)) return [];
  return finalizers.map(text).flatMap((name) => {
    if (Array.isArray(had) && had.includes(name) || name.includes("/") || OWN_FINALIZERS.has(name)) return [];
    const path = name.includes(".") ? "including a path (/) " : "";
    const advice =
      `prefer a domain-qualified finalizer name ${path}to avoid accidental conflicts with other finalizer writers`;
    return [`metadata.finalizers: ${quoted(name)}: ${advice}`];
  });
}

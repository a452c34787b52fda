/** PUT of an object or of its status: what is kept of what was there, and whether that is still what the client saw. */
import { admit, mustBeValid } from "./admission.ts";
import { trackUpdate } from "../apply/track_update.ts";
import {
  allowsCreateOnUpdate,
  allowsUnconditionalUpdate,
  countsGenerations,
  prepareForStatusUpdate,
  prepareForUpdate,
} from "./built_in_rules.ts";
import { createSent, mustHaveNamespace, sentAs } from "./create_verb.ts";
import { invalidValue } from "../schema/field_error.ts";
import { metadataWarnings } from "../schema/metadata_validate.ts";
import { NumberError, parseUint64 } from "../schema/go_numbers.ts";
import { type Kind, qualifiedPlural } from "../kind.ts";
import type { ApiObject } from "../object.ts";
import { equal } from "../patch/json_value.ts";
import { removeContents, removeNow } from "./removal.ts";
import { scopeOf } from "../store/scope_of.ts";
import { conflict, invalid, notFound, StatusError } from "../status_error.ts";
import { timeText } from "./time_text.ts";
import type { VerbAnswer, VerbContext, VerbRequest } from "./verb_types.ts";
import { readWriteOptions, type WriteOptions } from "./write_options.ts";

/** PUT. */
export function updateObject(context: VerbContext, request: VerbRequest): VerbAnswer {
  const { kind, namespace, name = "", status = false } = request;
  const options = readWriteOptions("UpdateOptions", request.query, request);
  const sent = request.body as ApiObject;
  const live = context.store.get(scopeOf(kind, namespace), name);
  if (live === undefined && (status || !allowsCreateOnUpdate(kind))) throw notFound(kind, name);
  mustHaveUid(request, sent, live);
  if (live === undefined) {
    mustHaveNamespace(context, request);
    return createSent(context, request, options);
  }
  const warnings = admit(kind, sent, sentAs(request, options));
  warnings.push(...metadataWarnings(kind, sent, live));
  return { code: 200, body: replace(context, request, { live, sent }, options), warnings };
}

/** An object and what is to become of it. */
export interface Change {
  /** What is stored. */
  readonly live: ApiObject;
  /** What was sent, or what a patch makes of the live object; admitted. */
  readonly sent: ApiObject;
  /** What managedFields already say of `sent`; absent: the writer owns what it changes. */
  readonly isTracked?: boolean;
}

/** Stores a change, unless it changes nothing. */
export function replace(context: VerbContext, request: VerbRequest, change: Change, options: WriteOptions): ApiObject {
  const { kind, namespace, name = "", status = false } = request;
  const { live, sent } = change;
  mustBeCurrent(kind, sent, live);
  keepIdentity(kind, sent, live);
  prepareForUpdate(kind, sent, live);
  const time = timeText(context.clock.now());
  const subresource = status ? "status" : "";
  const tracked = change.isTracked === true
    ? sent
    : trackUpdate({ kind, before: live, after: sent, manager: options.manager, subresource, time });
  const next = status ? withStatus(kind, live, tracked) : withoutStatus(kind, live, tracked);
  mustBeValid(kind, next, live, status);
  if (isSame(live, next)) return live;
  if (options.dryRun) return withVersion(next, live);
  const { finalizers } = next.metadata;
  if (next.metadata["deletionTimestamp"] !== undefined && (finalizers === undefined || finalizers === null)) {
    // The last finalizer is gone: that ends the object. The answer is what was sent, under the revision that it replaced.
    removeNow(context, kind, live);
    removeContents(context, kind, [live]);
    return withVersion(next, live);
  }
  const stored = context.store.put(scopeOf(kind, namespace), name, next, String(live.metadata["resourceVersion"]));
  if (stored === undefined) throw conflict(kind, name);
  return stored;
}

function withVersion(object: ApiObject, { metadata: { resourceVersion } }: ApiObject): ApiObject {
  const metadata = { ...object.metadata };
  setOrDelete(metadata, "resourceVersion", resourceVersion);
  return { ...object, metadata };
}

/** What a client may leave out of metadata, or cannot change; in place. */
function keepIdentity(kind: Kind, { metadata }: ApiObject, live: ApiObject): void {
  const { uid, name, namespace, creationTimestamp } = live.metadata;
  if (metadata["uid"] !== undefined && metadata["uid"] !== uid) {
    const error = invalidValue("metadata.uid", metadata["uid"], "field is immutable");
    // The real server looks twice, and says so twice.
    throw invalid(kind, name, [error, error]);
  }
  setOrDelete(metadata, "namespace", namespace);
  setOrDelete(metadata, "creationTimestamp", creationTimestamp);
  for (const field of ["uid", "deletionTimestamp", "deletionGracePeriodSeconds"]) {
    if (metadata[field] === undefined) setOrDelete(metadata, field, live.metadata[field]);
  }
}

/** A status is written alone; of built-in kinds labels and annotations too. */
function withStatus(kind: Kind, live: ApiObject, sent: ApiObject): ApiObject {
  const base = kind.builtIn ? sent : live;
  const next: ApiObject = { ...base, metadata: { ...base.metadata } };
  if (kind.builtIn) prepareForStatusUpdate(kind, next, live);
  setOrDelete(next.metadata, "managedFields", sent.metadata["managedFields"]);
  setOrDelete(next.metadata, "generation", live.metadata["generation"]);
  setOrDelete(next, "status", sent["status"]);
  return next;
}

function withoutStatus(kind: Kind, live: ApiObject, sent: ApiObject): ApiObject {
  const next: ApiObject = { ...sent, metadata: { ...sent.metadata } };
  if (kind.status) setOrDelete(next, "status", live["status"]);
  const { generation } = live.metadata;
  const grows = countsGenerations(kind) && typeof generation === "number" && !isSameSpec(live, next);
  setOrDelete(next.metadata, "generation", grows ? generation + 1 : generation);
  return next;
}

function setOrDelete(
  object: ApiObject | ApiObject["metadata"],
  field: string,
  value: ApiObject[string] | undefined,
): void {
  if (value === undefined) delete object[field];
  else object[field] = value;
}

/** Everything besides metadata and status. */
function isSameSpec(a: ApiObject, b: ApiObject): boolean {
  const { metadata: _a, status: _as, ...restA } = a;
  const { metadata: _b, status: _bs, ...restB } = b;
  return equal(restA, restB);
}

function isSame(live: ApiObject, next: ApiObject): boolean {
  const { resourceVersion: _old, ...before } = live.metadata;
  const { resourceVersion: _sent, ...after } = next.metadata;
  return equal({ ...live, metadata: before }, { ...next, metadata: after } as ApiObject);
}

function mustHaveUid({ kind, namespace, name = "" }: VerbRequest, sent: ApiObject, live?: ApiObject): void {
  const wanted = sent.metadata["uid"] ?? "";
  const uid = live?.metadata["uid"] ?? "";
  if (wanted === "" || wanted === uid) return;
  const folder = kind.builtIn ? kind.plural : `${kind.group}/${kind.plural}`;
  const key = ["/registry", folder, ...(namespace === undefined ? [] : [namespace]), name].join("/");
  const why = `Precondition failed: UID in precondition: ${wanted}, UID in object meta: ${uid}`;
  throw conflict(
    kind,
    name,
    `StorageError: invalid object, Code: 4, Key: ${key}, ResourceVersion: 0, AdditionalErrorMsg: ${why}`,
  );
}

/** What the client saw is what is there, or it does not care and may do so. The version of `sent` becomes that of `live`. */
function mustBeCurrent(kind: Kind, sent: ApiObject, live: ApiObject): void {
  const { resourceVersion } = live.metadata;
  const { name } = live.metadata;
  const wanted = version(sent.metadata["resourceVersion"]);
  if (wanted === 0) {
    if (allowsUnconditionalUpdate(kind)) return;
    const error = invalidValue("metadata.resourceVersion", 0, "must be specified for an update");
    throw new StatusError(
      422,
      "Invalid",
      `${qualifiedPlural(kind)} "${name}" is invalid: ${error.field}: ${error.message}`,
      {
        name,
        ...(kind.group === "" ? {} : { group: kind.group }),
        kind: kind.plural,
        causes: [error],
      },
    );
  }
  if (String(wanted) !== resourceVersion) throw conflict(kind, name);
}

function version(text: unknown): number {
  if (typeof text !== "string" || text === "") return 0;
  try {
    return parseUint64(text);
  } catch (error) {
    throw error instanceof NumberError ? new StatusError(500, "", error.message) : error;
  }
}

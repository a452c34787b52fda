/** metadata.managedFields: who owns which fields. */
import type { ApiObject, Json, JsonObject } from "../object.ts";
import { isJsonObject } from "../object.ts";
import { type FieldSet, isEmpty, parseFieldSet, sorted, union } from "./field_set.ts";

/** Who wrote how, and what it owns. */
export interface Owner {
  /** `kubectl`. */
  readonly manager: string;
  /** Applied, or written in any other way. */
  readonly operation: "Apply" | "Update";
  /** In which version. */
  readonly apiVersion: string;
  /** `status`, or empty for the object itself. */
  readonly subresource: string;
  /** When it last changed something. */
  readonly time?: string;
  /** What it owns. */
  readonly set: FieldSet;
}

/** By {@link ownerId}. */
export type Owners = ReadonlyMap<string, Owner>;

/** Entries of one name, operation, version and subresource are one; an applier's version does not count. */
export function ownerId({ manager, operation, apiVersion, subresource }: Omit<Owner, "set">): string {
  return JSON.stringify([manager, operation, operation === "Apply" ? "" : apiVersion, subresource]);
}

/** Owners that are stored with an object; they are as this server wrote them. */
export function storedOwners(object: ApiObject | undefined): Owners {
  const entries = object?.metadata.managedFields;
  return new Map(Array.isArray(entries) ? entries.map((entry) => named(ownerOf(entry as JsonObject))) : []);
}

/** Owners that a client sent; undefined when they are not as they should be. */
export function sentOwners(entries: Json | undefined): Owners | undefined {
  if (!Array.isArray(entries)) return entries === undefined || entries === null ? new Map() : undefined;
  try {
    return new Map(entries.map((entry) => {
      const owner = checkedOwner(entry);
      return named({ ...owner, set: parseFieldSet(owner.set as Json) });
    }));
  } catch (error) {
    if (error instanceof SyntaxError) return undefined;
    throw error;
  }
}

function named(owner: Owner): [string, Owner] {
  return [ownerId(owner), owner];
}

function ownerOf(entry: JsonObject): Owner {
  const { manager = "", operation, apiVersion, subresource = "", time, fieldsV1 = {} } = entry;
  const owner = { manager, operation, apiVersion, subresource, set: fieldsV1 } as unknown as Owner;
  return typeof time === "string" ? { ...owner, time } : owner;
}

function checkedOwner(entry: Json): Owner {
  if (!isJsonObject(entry)) throw new SyntaxError("no entry of managedFields");
  const { manager = "", operation, apiVersion, subresource = "", fieldsType } = entry;
  const right = (operation === "Apply" || operation === "Update") && fieldsType === "FieldsV1" &&
    typeof apiVersion === "string" && apiVersion !== "" && typeof manager === "string" &&
    typeof subresource === "string";
  if (!right) throw new SyntaxError("no entry of managedFields");
  return ownerOf(entry);
}

/** Whether a client asks to forget all owners: `[{}]`; of built-in kinds, which alone know it from none, also `[]`. */
export function isReset(entries: Json | undefined, builtIn: boolean): boolean {
  if (!Array.isArray(entries) || entries.length > 1) return false;
  const [entry] = entries;
  return entry === undefined ? builtIn : isJsonObject(entry) && Object.keys(entry).length === 0;
}

/** The object with these owners. Entries of owners that are the same as before are kept as they are. */
export function withOwners(object: ApiObject, owners: Owners, before: Owners): ApiObject {
  const { managedFields: _, ...metadata } = object.metadata;
  const kept = [...owners].filter(([, { set }]) => !isEmpty(set)).sort(([, a], [, b]) => byOperationTimeAndName(a, b));
  if (kept.length === 0) return { ...object, metadata } as ApiObject;
  const managedFields = kept.map(([id, owner]) => entryOf(owner, owner.set === before.get(id)?.set));
  return { ...object, metadata: { ...metadata, managedFields } } as ApiObject;
}

function byOperationTimeAndName(a: Owner, b: Owner): number {
  return order(a.operation, b.operation) || order(a.time ?? "", b.time ?? "") || order(a.manager, b.manager) ||
    order(a.apiVersion, b.apiVersion) || order(a.subresource, b.subresource);
}

function order(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}

function entryOf({ manager, operation, apiVersion, subresource, time, set }: Owner, inOrder: boolean): JsonObject {
  const entry: JsonObject = { manager, operation, apiVersion };
  if (time !== undefined) entry.time = time;
  entry.fieldsType = "FieldsV1";
  entry.fieldsV1 = (inOrder ? set : sorted(set)) as JsonObject;
  if (subresource !== "") entry.subresource = subresource;
  return entry;
}

/** More entries of updates than that are merged, the oldest first, as kube-apiserver does. */
const MAX_UPDATERS = 10;

/** The owners with the oldest updates merged into one named `ancient-changes`. */
export function capped(owners: Owners): Owners {
  const updaters = [...owners].filter(([, { operation }]) => operation === "Update");
  if (updaters.length <= MAX_UPDATERS) return owners;
  updaters.sort(([, a], [, b]) => order(a.time ?? "", b.time ?? "") || order(identity(a), identity(b)));
  const rest = new Map(owners);
  let ancient: Owner | undefined;
  for (const [id, owner] of updaters.slice(0, updaters.length - MAX_UPDATERS + 1)) {
    rest.delete(id);
    const set: FieldSet = ancient === undefined ? owner.set : union(ancient.set, owner.set);
    ancient = { ...owner, manager: "ancient-changes", subresource: "", set };
  }
  if (ancient === undefined) return rest;
  const before = rest.get(ownerId(ancient));
  return rest.set(
    ownerId(ancient),
    before === undefined ? ancient : { ...ancient, set: union(before.set, ancient.set) },
  );
}

/** What kube-apiserver sorts by where times are the same. */
function identity({ manager, operation, apiVersion, subresource }: Owner): string {
  return JSON.stringify({ manager, operation, apiVersion, ...(subresource === "" ? {} : { subresource }) });
}

/** Ownership of fields after a create, an update or a patch (Kubernetes documentation, Server-Side Apply, "Field management"). */
import { equal } from "../patch/json_value.ts";
import { apiVersionOf, type Kind } from "../kind.ts";
import type { ApiObject } from "../object.ts";
import { compare } from "./compare.ts";
import { difference, EMPTY, type FieldSet, isEmpty, recursiveDifference, union } from "./field_set.ts";
import { capped, isReset, type Owner, ownerId, type Owners, sentOwners, storedOwners, withOwners } from "./owners.ts";
import { shapeOf } from "./shape.ts";
import { fieldElement } from "./path_element.ts";

/** A write that is not an apply. */
export interface Update {
  /** Of the object. */
  readonly kind: Kind;
  /** What is stored; absent: it is created. */
  readonly before: ApiObject | undefined;
  /** What it is to be, defaults included; its managedFields as the client sent them. */
  readonly after: ApiObject;
  /** Who writes. */
  readonly manager: string;
  /** Of the path. */
  readonly subresource: "" | "status";
  /** Now, `2026-11-23T08:00:00Z`. */
  readonly time: string;
}

/** `after` with managedFields as they are then; neither object is changed. */
export function trackUpdate(update: Update): ApiObject {
  const { before, after } = update;
  const stored = storedOwners(before);
  const owners = ownersBefore(update, stored);
  // Who has never been tracked is not from now on: only creating or applying begins it.
  if (owners.size === 0 && before !== undefined) return withOwners(after, owners, stored);
  const updated = updatedOwners(update, owners);
  return withOwners(after, capped(updated), stored);
}

/** Owners before the write: those that the client sent, where it may send any and has changed them. */
function ownersBefore({ kind, before, after, subresource }: Update, stored: Owners): Owners {
  const sent = after.metadata.managedFields;
  if (subresource !== "" || sent === undefined || equal(sent, before?.metadata.managedFields)) return stored;
  if (isReset(sent, kind.builtIn)) return new Map();
  const owners = sentOwners(sent);
  return owners === undefined || owners.size === 0 ? stored : owners;
}

/** The owners after a write: who changes a field owns it. */
export function updatedOwners({ kind, before, after, manager, subresource, time }: Update, owners: Owners): Owners {
  const apiVersion = apiVersionOf(kind);
  const { changed, removed } = compare(shapeOf(kind), before ?? emptyObject(kind), after);
  const ignored = ignoredFields(kind, subresource);
  const taken = recursiveDifference(changed, ignored);
  const gone = recursiveDifference(removed, ignored);
  const mine = difference(taken, NEVER_OWNED);
  const self: Owner = { manager: manager || "unknown", operation: "Update", apiVersion, subresource, time, set: mine };
  const id = ownerId(self);
  const updated = new Map<string, Owner>();
  for (const [other, owner] of owners) {
    if (owner.apiVersion !== apiVersion) continue;
    const left = other === id ? owner.set : difference(owner.set, taken);
    const set = difference(left, gone);
    if (!isEmpty(set)) updated.set(other, set === owner.set ? owner : { ...owner, set });
  }
  if (isEmpty(mine)) return updated;
  const previous = updated.get(id);
  return updated.set(id, previous === undefined ? self : { ...self, set: union(previous.set, mine) });
}

/** What an object is before it is created. */
export function emptyObject(kind: Kind): ApiObject {
  return { apiVersion: apiVersionOf(kind), kind: kind.kind, metadata: {} } as unknown as ApiObject;
}

const fields = (...names: string[]): FieldSet => Object.fromEntries(names.map((name) => [fieldElement(name), EMPTY]));
const STATUS = fields("status");
const SPEC = fields("spec");
const SPEC_AND_LABELS = { ...SPEC, "f:metadata": fields("labels") };

/** What a write of this kind does not change, whatever was sent. */
export function ignoredFields(kind: Kind, subresource: string): FieldSet {
  if (!kind.status) return EMPTY;
  if (subresource === "") return STATUS;
  return kind.builtIn && kind.kind === "Deployment" ? SPEC_AND_LABELS : SPEC;
}

/** The server's own fields and the object's name. */
export const NEVER_OWNED: FieldSet = {
  ...fields("apiVersion", "kind"),
  "f:metadata": {
    ".": EMPTY,
    ...fields("name", "namespace", "creationTimestamp", "selfLink", "uid", "clusterName", "generation"),
    ...fields("managedFields", "resourceVersion"),
  },
};

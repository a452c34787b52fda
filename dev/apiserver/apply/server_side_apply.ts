/** Server-side apply (Kubernetes documentation, "Server-Side Apply"). */
import { apiVersionOf, type Kind } from "../kind.ts";
import type { ApiObject, JsonObject } from "../object.ts";
import { equal } from "../patch/json_value.ts";
import { compare } from "./compare.ts";
import { type Conflict, conflictError, conflictsWithout } from "./conflicts.ts";
import { difference, type FieldSet, intersection, isEmpty, recursiveDifference, union } from "./field_set.ts";
import { fieldsOf, withNamedFields, without } from "./fields.ts";
import { fieldsLastApplied, withLastApplied } from "./last_applied.ts";
import { merge } from "./merge.ts";
import { capped, type Owner, ownerId, type Owners, storedOwners, withOwners } from "./owners.ts";
import { type MapShape, shapeOf } from "./shape.ts";
import { emptyObject, ignoredFields, NEVER_OWNED, updatedOwners } from "./track_update.ts";
import { checkConfig } from "./typed_check.ts";
import { sameButTimes } from "./same_but_times.ts";

/** What is applied. */
export interface Apply {
  /** Of the object. */
  readonly kind: Kind;
  /** What is stored; absent: it is created. */
  readonly live: ApiObject | undefined;
  /** What the applier wants. */
  readonly config: ApiObject;
  /** Who applies. */
  readonly manager: string;
  /** Whether fields of others are taken over. */
  readonly force: boolean;
  /** Of the path. */
  readonly subresource: "" | "status";
  /** Now, `2026-11-23T08:00:00Z`. */
  readonly time: string;
}

/** kubectl's applier, which client-side apply is upgraded for. */
const KUBECTL = "kubectl";

/**
 * The object with the configuration applied and managedFields as they are then; `live` itself when that changes nothing.
 * Defaults and what only the server sets are the caller's; neither object is changed.
 * @throws {StatusError} 409 when others own what is to change and `force` is not set; 400 and 500 for a configuration that is none
 */
export function serverSideApply(apply: Apply): ApiObject {
  const { kind, live, config, manager, time, subresource } = apply;
  checkConfig(kind, config);
  const stored = storedOwners(live);
  const owners = stored.size > 0 || live === undefined ? stored : capped(updatedOwners(
    // What was there before anybody applied belongs to whoever it was.
    { kind, before: undefined, after: live, manager: "before-first-apply", subresource, time },
    stored,
  ));
  const applied = apply.force ? attempt(apply, owners) : attemptWithoutForce(apply, owners);
  const object = manager === KUBECTL ? withLastApplied(applied.object, config) : applied.object;
  const result = withOwners(object as ApiObject, applied.owners, stored);
  return live !== undefined && sameButTimes(live, result) ? live : result;
}

interface Applied {
  readonly object: JsonObject;
  readonly owners: Owners;
  readonly conflicts: readonly Conflict[];
}

function attemptWithoutForce(apply: Apply, owners: Owners): Applied {
  const applied = attempt(apply, owners);
  if (applied.conflicts.length === 0) return applied;
  const ours = apply.manager === KUBECTL ? fieldsLastApplied(apply.kind, apply.live) : undefined;
  const conflicts = ours === undefined ? applied.conflicts : conflictsWithout(applied.conflicts, ours);
  if (conflicts.length > 0) throw conflictError(conflicts);
  return applied;
}

/** What comes of it if conflicts do not matter, and which there are. */
function attempt({ kind, live, config, manager, subresource, time }: Apply, before: Owners): Applied {
  const shape = shapeOf(kind);
  const apiVersion = apiVersionOf(kind);
  const ignored = ignoredFields(kind, subresource);
  const current: JsonObject = live === undefined ? emptyObject(kind) : withoutOwners(live);
  const wanted = without(shape, config, ignored);
  const merged = merge(shape, current, wanted);

  const owners = new Map([...before].filter(([, owner]) => owner.apiVersion === apiVersion));
  const set = recursiveDifference(fieldsOf(shape, wanted), ignored);
  const self: Owner = { manager, operation: "Apply", apiVersion, subresource, set };
  const id = ownerId(self);
  const last = owners.get(id);
  owners.set(id, self);
  const object = last === undefined ? merged : pruned(shape, merged, last.set, owners);

  const { changed, removed } = compare(shape, current, object);
  const taken = recursiveDifference(changed, ignored);
  const gone = recursiveDifference(removed, ignored);
  const conflicts: Conflict[] = [];
  for (const [other, owner] of owners) {
    if (other === id) continue;
    const fields = intersection(owner.set, taken);
    if (!isEmpty(fields)) conflicts.push({ owner, fields });
    owners.set(other, { ...owner, set: difference(difference(owner.set, fields), gone) });
  }
  const since = equal(current, object) ? last?.time : time;
  const mine = difference(set, NEVER_OWNED);
  owners.set(id, { ...self, set: mine, ...(since === undefined ? {} : { time: since }) });
  return { object, owners, conflicts };
}

function withoutOwners(object: ApiObject): JsonObject {
  const { managedFields: _, ...metadata } = object.metadata;
  return { ...object, metadata };
}

/** The object without what the applier had applied before, does not any more, and nobody else owns. */
function pruned(shape: MapShape, merged: JsonObject, last: FieldSet, owners: Owners): JsonObject {
  if (isEmpty(last)) return merged;
  const named = (set: FieldSet) => withNamedFields(shape, set);
  const lasts = named(last);
  const all = named(fieldsOf(shape, merged));
  const owned = [...owners.values()].reduce((sum: FieldSet, { set }) => union(sum, set), {});
  const rest = fieldsOf(shape, without(shape, merged, lasts));
  const unowned = difference(all, union(named(rest), named(owned)));
  const kept = fieldsOf(shape, without(shape, merged, unowned));
  return without(shape, merged, intersection(difference(all, named(kept)), lasts));
}

/** Objects that go: marked while they have finalizers, and with them what they hold. */
import { countsGenerations, isNamespaces } from "./built_in_rules.ts";
import type { Kind } from "../kind.ts";
import { type ApiObject, isJsonObject } from "../object.ts";
import { scopeOf } from "../store/scope_of.ts";
import type { DeleteOptions, DeletePolicy } from "./delete_options.ts";
import { conflict } from "../status_error.ts";
import { timeText } from "./time_text.ts";
import type { VerbContext } from "./verb_types.ts";

/** What is left of an object. */
export interface Removed {
  /** As it is now, or was last. */
  readonly left: ApiObject;
  /** False while it has finalizers. */
  readonly isGone: boolean;
}

function namespaceOf({ metadata: { namespace } }: ApiObject): string | undefined {
  return typeof namespace === "string" ? namespace : undefined;
}

const BACKGROUND = { dryRun: false, policy: "Background" } as const;

/** What a policy holds an object with until its dependents are dealt with. */
const HOLDS: Readonly<Record<DeletePolicy, string | undefined>> = {
  Background: undefined,
  Foreground: "foregroundDeletion",
  Orphan: "orphan",
};

/** Removes an object that nothing holds, and marks others as being deleted. */
export function remove(
  context: VerbContext,
  kind: Kind,
  live: ApiObject,
  { dryRun, policy }: Pick<DeleteOptions, "dryRun" | "policy">,
): Removed {
  const { finalizers, deletionTimestamp } = live.metadata;
  const held = Array.isArray(finalizers) ? finalizers : [];
  const hold = HOLDS[policy];
  if (held.length === 0 && hold === undefined) {
    return { left: dryRun ? live : removeNow(context, kind, live), isGone: true };
  }
  if (deletionTimestamp !== undefined) return { left: live, isGone: false };
  const marked = markedDeleted(context, kind, live);
  if (hold !== undefined && !held.includes(hold)) marked.metadata["finalizers"] = [...held, hold];
  return { left: dryRun ? marked : put(context, kind, live, marked), isGone: false };
}

/** Does what a policy holds an object for: what it owns goes, or is its own from now on. Then nothing of the policy holds it. */
export function release(context: VerbContext, kind: Kind, marked: ApiObject, policy: DeletePolicy): void {
  const hold = HOLDS[policy];
  if (hold === undefined) return;
  if (policy === "Foreground") removeOwned(context, [marked]);
  else disown(context, marked);
  const { finalizers } = marked.metadata;
  const left = Array.isArray(finalizers) ? finalizers.filter((one) => one !== hold) : [];
  if (left.length === 0) removeNow(context, kind, marked);
  else put(context, kind, marked, { ...marked, metadata: { ...marked.metadata, finalizers: left } });
}

function markedDeleted({ clock }: VerbContext, kind: Kind, live: ApiObject): ApiObject {
  const { generation } = live.metadata;
  const metadata = {
    ...live.metadata,
    deletionTimestamp: timeText(clock.now()),
    deletionGracePeriodSeconds: 0,
    ...(countsGenerations(kind) && typeof generation === "number" ? { generation: generation + 1 } : {}),
  };
  return { ...live, metadata };
}

function put({ store }: VerbContext, kind: Kind, live: ApiObject, next: ApiObject): ApiObject {
  const { name, resourceVersion } = live.metadata;
  const stored = store.put(scopeOf(kind, namespaceOf(live)), name, next, String(resourceVersion));
  if (stored === undefined) throw conflict(kind, name);
  return stored;
}

/** Removes an object, finalizers or not. */
export function removeNow({ store }: VerbContext, kind: Kind, live: ApiObject): ApiObject {
  const { name, resourceVersion } = live.metadata;
  const gone = store.delete(scopeOf(kind, namespaceOf(live)), name, String(resourceVersion));
  if (gone === undefined) throw conflict(kind, name);
  return gone;
}

/**
 * Removes what the objects held that are gone: what is in a namespace, and what they owned.
 * A cluster has controllers for that, which take their time; here it is done at once, and finalizers do not keep a namespace.
 */
export function removeContents(context: VerbContext, kind: Kind, gone: readonly ApiObject[]): void {
  const all = [...gone];
  if (isNamespaces(kind)) { for (const { metadata: { name } } of gone) all.push(...emptyNamespace(context, name)); }
  removeOwned(context, all);
}

function emptyNamespace(context: VerbContext, namespace: string): ApiObject[] {
  return context.kinds.filter(({ namespaced }) => namespaced).flatMap((kind) =>
    context.store.list(scopeOf(kind, namespace)).objects.map((object) => removeNow(context, kind, object))
  );
}

/** An owner that is gone is no owner any more. */
function disown(context: VerbContext, { metadata: { uid } }: ApiObject): void {
  for (const kind of context.kinds) {
    for (const object of context.store.list(scopeOf(kind, undefined)).objects) {
      const { ownerReferences, ...metadata } = object.metadata;
      if (!Array.isArray(ownerReferences)) continue;
      const left = ownerReferences.filter((owner) => !isJsonObject(owner) || owner["uid"] !== uid);
      if (left.length === ownerReferences.length) continue;
      const owners = left.length === 0 ? {} : { ownerReferences: left };
      put(context, kind, object, { ...object, metadata: { ...metadata, ...owners } as ApiObject["metadata"] });
    }
  }
}

/** Owners that are gone take with them what nobody else owns. */
function removeOwned(context: VerbContext, owners: readonly ApiObject[]): void {
  const uids = new Set(owners.map(({ metadata: { uid } }) => uid));
  for (let found = owners.length; found > 0;) {
    found = 0;
    for (const kind of context.kinds) {
      for (const object of context.store.list(scopeOf(kind, undefined)).objects) {
        if (!isOwnedBy(object, uids) || !remove(context, kind, object, BACKGROUND).isGone) continue;
        uids.add(object.metadata["uid"]);
        found++;
      }
    }
  }
}

function isOwnedBy({ metadata: { ownerReferences } }: ApiObject, uids: ReadonlySet<unknown>): boolean {
  if (!Array.isArray(ownerReferences) || ownerReferences.length === 0) return false;
  return ownerReferences.every((owner) => isJsonObject(owner) && uids.has(owner["uid"]));
}

/** The door between what the API does (verbs) and where objects are kept. */
import type { ApiObject } from "../object.ts";

/** A change, in the order of resourceVersions. */
export interface StoredChange {
  /** What happened. */
  readonly type: "ADDED" | "MODIFIED" | "DELETED";
  /** The object after it; for DELETED as it was last, with the resourceVersion of the deletion. */
  readonly object: ApiObject;
  /** The object before it, for selectors that stop or start to match; absent for ADDED. */
  readonly before?: ApiObject;
  /** The revision it made. */
  readonly revision: number;
}

/** Some of what happened. */
export interface StoredChanges {
  /** In the order of revisions. */
  readonly changes: readonly StoredChange[];
  /** The revision they lead to: nothing else happened in the scope up to here. */
  readonly upTo: number;
}

/** Which objects. `resource` is `machines.unbounded-cloud.io` or `configmaps`. */
export interface Scope {
  /** {@link qualifiedPlural} of the kind. */
  readonly resource: string;
  /** Absent: all namespaces, or cluster-scoped objects. */
  readonly namespace?: string;
}

/** Part of a list at one revision. */
export interface StoredPage {
  /** In the order of keys (namespace/name). */
  readonly objects: readonly ApiObject[];
  /** The revision all of them are of. */
  readonly revision: number;
  /** Where to go on; absent at the end. */
  readonly next?: string;
  /** How many come after this page. */
  readonly remaining: number;
}

/** Objects by resource, namespace and name; every change makes a revision. Objects handed out are never changed by anybody. */
export interface Store {
  /** The latest revision. */
  readonly revision: number;
  /** One object. */
  get(scope: Scope, name: string): ApiObject | undefined;
  /**
   * Objects at the revision asked for (default: the latest), after the key `after` (which need not be there), at most `limit` of them.
   * @throws {StatusError} 410 when that revision is forgotten
   */
  list(
    scope: Scope,
    options?: { readonly revision?: number; readonly after?: string; readonly limit?: number },
  ): StoredPage;
  /**
   * Writes one object and sets its resourceVersion. `expected` is the resourceVersion it must have now, or "absent".
   * @returns what is stored, or undefined when the expectation does not hold
   */
  put(scope: Scope, name: string, object: ApiObject, expected: string | "absent"): ApiObject | undefined;
  /** Removes one object; the object with the deletion's resourceVersion, or undefined when `expected` does not hold. */
  delete(scope: Scope, name: string, expected: string): ApiObject | undefined;
  /**
   * What happened in the scope after a revision, the oldest first; a bounded part of it: go on from `upTo` until that is `revision`.
   * @throws {StatusError} 410 when that revision is forgotten: the reader fell too far behind
   */
  changesAfter(scope: Scope, revision: number): StoredChanges;
  /** Resolves at the next write of anything. */
  readonly written: Promise<void>;
}

/** The last changes, still parsed: what watches read that keep up. Those that fall behind read the history. */
import type { Scope, StoredChange, StoredChanges } from "./store_types.ts";

/** How many changes are kept parsed, for all watches together. */
const CAPACITY = 1024;

/** A ring of changes; every revision is one change. */
export class RecentChanges {
  readonly #ring: { readonly scope: Scope; readonly change: StoredChange }[] = [];
  #first: number;
  #last: number;

  /** Empty, at a revision. */
  constructor(revision: number) {
    this.#last = revision;
    this.#first = revision + 1;
  }

  /** The latest revision. */
  get last(): number {
    return this.#last;
  }

  /** The change of the next revision. */
  add(scope: Scope, change: StoredChange): void {
    this.#last = change.revision;
    this.#ring[change.revision % CAPACITY] = { scope, change };
    this.#first = Math.max(this.#first, this.#last - CAPACITY + 1);
  }

  /** Changes after a revision, and the revision they lead to; undefined when they are no longer all here. */
  after(revision: number, { resource, namespace }: Scope): StoredChanges | undefined {
    if (revision + 1 < this.#first) return undefined;
    const changes: StoredChange[] = [];
    for (let at = revision + 1; at <= this.#last; at++) {
      const { scope, change } = this.#ring[at % CAPACITY]!;
      if (scope.resource === resource && (namespace ?? scope.namespace) === scope.namespace) changes.push(change);
    }
    return { changes, upTo: Math.max(revision, this.#last) };
  }
}

/** The objects of a collection in memory, found by key and by index; kept current by a watch. */
import type { Logger } from "../base/log.ts";
import { type KubeObject, objectKey } from "./object.ts";
import type { StoreEvent } from "./watch.ts";

/** What happened to an object. */
export type Change<V> =
  /** It is new. */
  | { readonly kind: "added"; readonly key: string; readonly value: V }
  /** It is another than before. */
  | { readonly kind: "updated"; readonly key: string; readonly value: V; readonly previous: V }
  /** It is gone. */
  | { readonly kind: "deleted"; readonly key: string; readonly previous: V };

/** What an index is asked by. */
export type IndexKey = string | number;

/** How a cache keeps objects. */
export interface CacheOptions<T extends KubeObject, V> {
  /** Makes of an arrived object what is kept of it; the object is the cache's own and may be changed. */
  readonly transform: (object: T) => V;
  /** Name to the keys that a value is found by. */
  readonly indexes?: Readonly<Record<string, (value: V) => Iterable<IndexKey>>>;
  /** A transform, index or handler that throws is reported here and harms no other object. */
  readonly log: Logger;
}

interface Entry<V> {
  value: V;
  resourceVersion: string | undefined;
  /** The list that last had it. */
  epoch: number;
}

/** Drops what only the API server needs and is often larger than the rest. */
export function withoutManagedFields<T extends KubeObject>(object: T): T {
  delete object.metadata.managedFields;
  return object;
}

/** Objects by key and by index. */
export class ObjectCache<T extends KubeObject, V = T> {
  readonly #options: CacheOptions<T, V>;
  readonly #entries = new Map<string, Entry<V>>();
  readonly #indexes = new Map<string, Map<IndexKey, string[]>>();
  readonly #handlers = new Set<(change: Change<V>) => void>();
  readonly #synced = Promise.withResolvers<void>();
  #isSynced = false;
  #epoch = 0;

  /**
   * An empty cache.
   * @param options what is kept, and how it is found
   */
  constructor(options: CacheOptions<T, V>) {
    this.#options = options;
    for (const name of Object.keys(options.indexes ?? {})) this.#indexes.set(name, new Map());
  }

  /** Resolves when the first list is complete. */
  get synced(): Promise<void> {
    return this.#synced.promise;
  }

  /** Whether the first list is complete; stays true. */
  get isSynced(): boolean {
    return this.#isSynced;
  }

  /** How many objects there are. */
  get size(): number {
    return this.#entries.size;
  }

  /** By key (`namespace/name` or `name`). */
  get(key: string): V | undefined {
    return this.#entries.get(key)?.value;
  }

  /** Whatever the index finds. */
  byIndex(index: string, key: IndexKey): V[] {
    const keys = this.#indexes.get(index)?.get(key) ?? [];
    return keys.map((k) => this.#entries.get(k)!.value);
  }

  /** Everything, in no particular order. */
  *values(): Generator<V> {
    for (const entry of this.#entries.values()) yield entry.value;
  }

  /** All keys. */
  keys(): Iterable<string> {
    return this.#entries.keys();
  }

  /** Calls `handler` after each change, in order; the function returned ends that. */
  onChange(handler: (change: Change<V>) => void): () => void {
    this.#handlers.add(handler);
    return () => this.#handlers.delete(handler);
  }

  /** Follows a watch to its end. */
  async follow(events: AsyncIterable<StoreEvent<T>>): Promise<void> {
    for await (const event of events) this.apply(event);
  }

  /** Takes in one event. */
  apply(event: StoreEvent<T>): void {
    if (event.kind === "restart") this.#epoch++;
    else if (event.kind === "put") this.#put(event.object);
    else if (event.kind === "delete") this.#delete(objectKey(event.object.metadata));
    else this.#complete();
  }

  #put(object: T): void {
    const key = objectKey(object.metadata);
    const { resourceVersion } = object.metadata;
    const before = this.#entries.get(key);
    if (before !== undefined) {
      before.epoch = this.#epoch;
      if (resourceVersion !== undefined && before.resourceVersion === resourceVersion) return;
    }
    const value = this.#guard(key, () => this.#options.transform(object));
    if (value === undefined) return;
    if (before !== undefined) this.#index(key, before.value, "remove");
    this.#entries.set(key, { value, resourceVersion, epoch: this.#epoch });
    this.#index(key, value, "add");
    this.#tell(
      before === undefined ? { kind: "added", key, value } : { kind: "updated", key, value, previous: before.value },
    );
  }

  #delete(key: string): void {
    const entry = this.#entries.get(key);
    if (entry === undefined) return;
    this.#index(key, entry.value, "remove");
    this.#entries.delete(key);
    this.#tell({ kind: "deleted", key, previous: entry.value });
  }

  #complete(): void {
    for (const [key, entry] of this.#entries) if (entry.epoch !== this.#epoch) this.#delete(key);
    this.#isSynced = true;
    this.#synced.resolve();
  }

  #index(key: string, value: V, action: "add" | "remove"): void {
    for (const [name, keysOf] of Object.entries(this.#options.indexes ?? {})) {
      const index = this.#indexes.get(name)!;
      for (const at of new Set(this.#guard(key, () => keysOf(value)) ?? [])) {
        const others = (index.get(at) ?? []).filter((k) => k !== key);
        if (action === "add") others.push(key);
        if (others.length > 0) index.set(at, others);
        else index.delete(at);
      }
    }
  }

  #tell(change: Change<V>): void {
    for (const handler of this.#handlers) this.#guard(change.key, () => handler(change));
  }

  #guard<R>(key: string, run: () => R): R | undefined {
    try {
      return run();
    } catch (error) {
      this.#options.log.error("cannot take in an object; it is left as it was", { object: key, error });
    }
  }
}

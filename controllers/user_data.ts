/** The ConfigMaps that hold machines' user-data: one watch a namespace that any Machine refers to, answers from memory. */
import type { Clock } from "../base/clock.ts";
import type { Logger } from "../base/log.ts";
import type { TaskGroup } from "../base/tasks.ts";
import { ObjectCache } from "../k8s/cache.ts";
import type { KubeObject } from "../k8s/object.ts";
import { watchCollection, type WatchParameters } from "../k8s/watch.ts";
import type { ObjectKeyRef } from "../machine/types.ts";

/** What a reference leads to. */
export type UserData =
  | { readonly kind: "found"; readonly body: Uint8Array }
  /** There is no such ConfigMap. */
  | { readonly kind: "noConfigMap" }
  /** The ConfigMap is there, without this key. */
  | { readonly kind: "noKey" }
  /** The namespace's ConfigMaps are not read yet. */
  | { readonly kind: "notYet" };

/** A ConfigMap, as far as it is used. */
interface ConfigMap extends KubeObject {
  data?: Record<string, string>;
  binaryData?: Record<string, string>;
}

/** What is kept of a ConfigMap. */
type Kept = Pick<ConfigMap, "data" | "binaryData">;

/** What the watches need. */
export interface UserDataOptions {
  readonly client: WatchParameters["client"];
  readonly log: Logger;
  readonly clock: Clock;
  readonly random: () => number;
  /** Owns the watches. */
  readonly tasks: TaskGroup;
  /** Told each time that a watch is made anew. @default nobody is */
  readonly observe?: WatchParameters["observe"];
}

const encoder = new TextEncoder();

/** The value of a key, from data or binaryData; undefined where the ConfigMap lacks it. */
export function valueOf({ data = {}, binaryData = {} }: Kept, key: string): Uint8Array | undefined {
  if (Object.hasOwn(data, key)) return encoder.encode(data[key]);
  return Object.hasOwn(binaryData, key) ? Uint8Array.fromBase64(binaryData[key]!) : undefined;
}

/** Answers what a Machine's user-data is. */
export class UserDataCache {
  readonly #options: UserDataOptions;
  readonly #namespaces = new Map<string, ObjectCache<ConfigMap, Kept>>();

  /** No ConfigMap is read before the first {@link follow} or {@link lookup}. */
  constructor(options: UserDataOptions) {
    this.#options = options;
  }

  /** Starts to read a namespace's ConfigMaps, before they are asked for. */
  follow(namespace: string): void {
    if (this.#namespaces.has(namespace)) return;
    const { tasks, ...common } = this.#options;
    const { log } = common;
    const cache = new ObjectCache<ConfigMap, Kept>({
      log,
      transform: ({ data, binaryData }) => ({ ...(data ? { data } : {}), ...(binaryData ? { binaryData } : {}) }),
    });
    this.#namespaces.set(namespace, cache);
    const resource = { group: "", version: "v1", plural: "configmaps", namespace };
    tasks.start(
      `ConfigMaps of ${namespace}`,
      (signal) => cache.follow(watchCollection<ConfigMap>({ ...common, resource, signal })),
    );
  }

  /** What the reference leads to now. */
  lookup({ namespace, name, key }: ObjectKeyRef): UserData {
    this.follow(namespace);
    const cache = this.#namespaces.get(namespace)!;
    if (!cache.isSynced) return { kind: "notYet" };
    const kept = cache.get(`${namespace}/${name}`);
    if (kept === undefined) return { kind: "noConfigMap" };
    const body = valueOf(kept, key);
    return body === undefined ? { kind: "noKey" } : { kind: "found", body };
  }
}

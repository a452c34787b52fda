/** The door between HTTP and what the API does: one request to one resource, parsed, and its answer. */
import type { Clock } from "../../../base/clock.ts";
import type { Kind } from "../kind.ts";
import type { ApiObject, Json, JsonObject } from "../object.ts";
import type { Store } from "../store/store_types.ts";

/** What the verbs need. */
export interface VerbContext {
  /** Where objects are kept. */
  readonly store: Store;
  /** Time. */
  readonly clock: Clock;
  /** In [0, 1): ends of generated names. */
  readonly random: () => number;
  /** A new metadata.uid. */
  readonly newUid: () => string;
  /** All kinds served: what a namespace or an owner takes with it. */
  readonly kinds: readonly Kind[];
}

/** One request to one resource. */
export interface VerbRequest {
  /** What is asked for. */
  readonly kind: Kind;
  /** Of the path; absent for cluster-scoped kinds and for lists over all namespaces. */
  readonly namespace?: string;
  /** Of the path; absent for collections. */
  readonly name?: string;
  /** Whether the path ends in /status. @default false */
  readonly status?: boolean;
  /** As sent; the verbs read and check what concerns them. */
  readonly query: URLSearchParams;
  /** Parsed: an object, a patch, or DeleteOptions. */
  readonly body?: Json;
  /** The JSON of an object that was sent: what it says twice is seen there alone. Absent for patches and YAML. */
  readonly text?: string;
  /** Of a patch, without parameters: `application/merge-patch+json`. @default "application/json" */
  readonly contentType?: string;
  /** What managedFields call the client when the query has no fieldManager: User-Agent up to its first slash. */
  readonly userAgent: string;
}

/** What came of it; refusals are thrown as StatusError. */
export interface VerbAnswer {
  /** 200 or 201. */
  readonly code: number;
  /** An object, a list (`MachineList`, with metadata.resourceVersion), or a Status. Never changed by anybody. */
  readonly body: JsonObject;
  /** Each becomes a header `Warning: 299 - "..."`. */
  readonly warnings: readonly string[];
}

/** A line of a watch. */
export interface WatchEvent {
  /** ERROR is the last one. */
  readonly type: "ADDED" | "MODIFIED" | "DELETED" | "BOOKMARK" | "ERROR";
  /** For BOOKMARK only kind, apiVersion and metadata.resourceVersion; for ERROR a Status. */
  readonly object: ApiObject | JsonObject;
}

/** What a line of a watch says, and what an error of a list or watch asks for: decided without I/O. */
import { ApiError, ConfigError, ConnectionError, GarbageError, SilenceError } from "./errors.ts";
import type { KubeObject } from "./object.ts";

/** A line of a watch. */
export type WatchEvent<T> =
  /** An object was created or changed. */
  | { readonly kind: "put"; readonly object: T; readonly resourceVersion: string }
  /** An object is gone; this is its last state. */
  | { readonly kind: "delete"; readonly object: T; readonly resourceVersion: string }
  /** Nothing happened; go on from here after a break. */
  | { readonly kind: "bookmark"; readonly resourceVersion: string }
  /** The server cannot go on. */
  | { readonly kind: "error"; readonly error: ApiError };

const KINDS: Readonly<Record<string, "put" | "delete" | "bookmark">> = {
  ADDED: "put",
  MODIFIED: "put",
  DELETED: "delete",
  BOOKMARK: "bookmark",
};

type Json = Record<string, unknown>;
const record = (value: unknown): Json => typeof value === "object" && value !== null ? value as Json : {};
const text = (value: unknown): string => typeof value === "string" ? value : "";

/** Whether it has what every object of the API has. */
export function isKubeObject(value: unknown): value is KubeObject {
  const { name, namespace, uid, resourceVersion } = record(record(value).metadata);
  const optional = [namespace, uid, resourceVersion].every((v) => v === undefined || typeof v === "string");
  return text(name) !== "" && optional;
}

/**
 * Reads a line.
 * @throws {GarbageError} when it is not an event
 */
export function parseWatchEvent<T extends KubeObject>(line: string): WatchEvent<T> {
  let json: Json;
  try {
    json = record(JSON.parse(line));
  } catch {
    throw new GarbageError(`a line of ${line.length} characters is not JSON`);
  }
  const { type, object } = json;
  if (type === "ERROR") {
    const { code, reason, message } = record(object);
    const status = typeof code === "number" ? code : 500;
    return { kind: "error", error: new ApiError("WATCH", status, { reason: text(reason), message: text(message) }) };
  }
  const kind = typeof type === "string" && Object.hasOwn(KINDS, type) ? KINDS[type] : undefined;
  const resourceVersion = text(record(record(object).metadata).resourceVersion);
  if (kind === undefined || resourceVersion === "") {
    throw new GarbageError(`an event of type ${JSON.stringify(type)?.slice(0, 40)} without a resourceVersion`);
  }
  if (kind === "bookmark") return { kind, resourceVersion };
  if (!isKubeObject(object)) throw new GarbageError("an event about an object without a name");
  return { kind, object: object as T, resourceVersion };
}

/** What kinds of trouble there are. */
export const WATCH_TROUBLES = [
  "expired",
  "silent",
  "missing",
  "forbidden",
  "unauthorized",
  "unreachable",
  "garbage",
  "config",
  "refused",
] as const;

/** What to do after a list or a watch has failed. */
export interface Recovery {
  /** Everything has to be listed again; else the watch goes on where it was. */
  readonly relist: boolean;
  /** At once, when the last list was not just now. */
  readonly now: boolean;
  /** One word for the trouble; as long as it is the same, it is said once. */
  readonly trouble: typeof WATCH_TROUBLES[number];
}

/** Decides it from the error; undefined when the error is not about the API and must not be hidden. */
export function recoverFrom(error: unknown): Recovery | undefined {
  if (error instanceof SilenceError) return { relist: false, now: true, trouble: "silent" };
  if (error instanceof ConnectionError) return { relist: false, now: false, trouble: "unreachable" };
  if (error instanceof ConfigError) return { relist: false, now: false, trouble: "config" };
  if (error instanceof GarbageError) return { relist: true, now: false, trouble: "garbage" };
  if (!(error instanceof ApiError)) return;
  const { status, reason } = error;
  if (status === 410 || reason === "Expired" || reason === "Gone") {
    return { relist: true, now: true, trouble: "expired" };
  }
  if (status === 404) return { relist: true, now: false, trouble: "missing" };
  if (status === 403) return { relist: false, now: false, trouble: "forbidden" };
  if (status === 401) return { relist: false, now: false, trouble: "unauthorized" };
  return { relist: false, now: false, trouble: "refused" };
}

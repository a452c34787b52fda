/** GET with watch=true (Kubernetes API concepts, "Efficient detection of changes", "Watch bookmarks", "Streaming lists"). */
import type { Clock } from "../../../base/clock.ts";
import { apiVersionOf, type Kind } from "../kind.ts";
import { type ListOptions, readListOptions } from "./list_options.ts";
import type { JsonObject } from "../object.ts";
import { isWanted, listPage } from "./read_verbs.ts";
import { scopeOf } from "../store/scope_of.ts";
import { StatusError } from "../status_error.ts";
import type { Scope, Store, StoredChange } from "../store/store_types.ts";
import type { VerbRequest, WatchEvent } from "./verb_types.ts";
import { WatchAlarm } from "./watch_alarm.ts";

/** How often a quiet watch is told how far it is. */
const BOOKMARK_MS = 60_000;
/** When a watch ends whose client does not say. */
const DEFAULT_TIMEOUT_SECONDS = 1800;
/** Longer ones overflow timers. */
const MAX_TIMEOUT_SECONDS = 86_400;

/** What a watch runs on. */
interface Watch {
  readonly store: Store;
  readonly clock: Clock;
  readonly kind: Kind;
  readonly scope: Scope;
  readonly options: ListOptions;
}

/** Events of a collection. */
export function watchObjects(
  store: Store,
  clock: Clock,
  request: VerbRequest,
  signal: AbortSignal,
): AsyncGenerator<WatchEvent> {
  const { kind, namespace } = request;
  const { limit: _all, ...options } = readListOptions(request);
  return run({ store, clock, kind, scope: scopeOf(kind, namespace), options }, signal);
}

async function* run(watch: Watch, signal: AbortSignal): AsyncGenerator<WatchEvent> {
  const { store, kind, scope, options } = watch;
  const seconds = Math.min(options.timeoutSeconds ?? DEFAULT_TIMEOUT_SECONDS, MAX_TIMEOUT_SECONDS);
  using alarm = new WatchAlarm(watch.clock, { timeoutMs: seconds * 1000, bookmarkMs: BOOKMARK_MS, signal });
  try {
    let at = options.resourceVersion ?? 0;
    if (options.initialEvents ?? at === 0) {
      const page = listPage(store, scope, options);
      for (const object of page.objects) yield { type: "ADDED", object };
      at = page.revision;
      if (options.bookmarks) yield bookmark(kind, at, true);
    } else if (at === 0) at = store.revision;
    for (;;) {
      const { written } = store;
      const { changes, upTo } = store.changesAfter(scope, at);
      for (const change of changes) {
        const event = eventOf(change, options);
        if (event !== undefined) yield event;
        if (signal.aborted) return;
      }
      at = upTo;
      const due = await alarm.next(at < store.revision ? undefined : written);
      if (due === "end") return;
      if (due === "bookmark" && options.bookmarks) yield bookmark(kind, at, false);
    }
  } catch (error) {
    if (!(error instanceof StatusError)) throw error;
    yield { type: "ERROR", object: error.status };
  }
}

/** What a change is to a client that sees only what its selectors mean; undefined when it sees nothing. */
function eventOf(change: StoredChange, options: ListOptions): WatchEvent | undefined {
  const { type, object, before, revision } = change;
  const saw = before !== undefined && isWanted(before, options);
  const sees = type !== "DELETED" && isWanted(object, options);
  if (sees) return { type: saw ? "MODIFIED" : "ADDED", object };
  if (!saw) return undefined;
  if (type === "DELETED") return { type, object };
  // It is there no longer for this client, who is told as it knew it.
  return {
    type: "DELETED",
    object: { ...before, metadata: { ...before.metadata, resourceVersion: String(revision) } },
  };
}

function bookmark(kind: Kind, revision: number, endsInitial: boolean): WatchEvent {
  const metadata: JsonObject = { resourceVersion: String(revision) };
  if (endsInitial) metadata["annotations"] = { "k8s.io/initial-events-end": "true" };
  return { type: "BOOKMARK", object: { kind: kind.kind, apiVersion: apiVersionOf(kind), metadata } };
}

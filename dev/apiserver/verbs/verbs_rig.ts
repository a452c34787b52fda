/** The verbs over a store in memory, for tests: time, chance and uids are the test's own. */
import { FakeClock } from "../../../base/clock.ts";
import type { Kind } from "../kind.ts";
import { builtInKinds } from "../kinds/built_in.ts";
import type { ApiObject, Json, JsonObject } from "../object.ts";
import { SqliteStore } from "../store/sqlite_store.ts";
import { StatusError } from "../status_error.ts";
import type { VerbAnswer, VerbRequest, WatchEvent } from "./verb_types.ts";
import { Verbs } from "./verbs.ts";

const WIDGET: Kind = {
  group: "example.com",
  version: "v1",
  kind: "Widget",
  plural: "widgets",
  singular: "widget",
  shortNames: [],
  categories: [],
  namespaced: false,
  status: true,
  builtIn: false,
  columns: [],
  schema: {
    type: "object",
    properties: {
      apiVersion: { type: "string" },
      kind: { type: "string" },
      metadata: { type: "object" },
      spec: {
        type: "object",
        properties: { size: { type: "integer", minimum: 1 }, color: { type: "string", default: "red" } },
      },
      status: { type: "object", properties: { phase: { type: "string" } } },
    },
  },
};

/** What a request is made of in tests: `kind` by name, the query as text. */
export interface RigRequest extends Partial<Omit<VerbRequest, "kind" | "query">> {
  /** As in a URL. @default "" */
  readonly query?: string;
}

/** Verbs, and what they stand on. */
export class VerbsRig implements Disposable {
  /** In memory. */
  readonly store: SqliteStore;
  /** Begins at 2026-01-01T00:00:00Z. */
  readonly clock = new FakeClock(Date.UTC(2026, 0, 1));
  /** Under test. */
  readonly verbs: Verbs;
  readonly #kinds = [...builtInKinds(), WIDGET];
  #uids = 0;

  /** With the namespaces default and other. */
  constructor(random: () => number = () => 0) {
    this.store = SqliteStore.open(undefined, { clock: this.clock });
    const { store, clock } = this;
    this.verbs = new Verbs({ store, clock, random, newUid: () => `uid-${++this.#uids}`, kinds: this.#kinds });
    for (const name of ["default", "other"]) this.call("create", "Namespace", { body: { metadata: { name } } });
  }

  /** A request for a kind, named; the object of a body is completed with apiVersion and kind, as HTTP does. */
  request(kindName: string, { query = "", body, ...rest }: RigRequest): VerbRequest {
    const kind = this.#kinds.find(({ kind }) => kind === kindName)!;
    const namespace = kind.namespaced ? { namespace: "default" } : {};
    return {
      kind,
      ...namespace,
      query: new URLSearchParams(query),
      userAgent: "tester",
      ...(body === undefined ? {} : { body: structuredClone(body) }),
      ...rest,
    };
  }

  /** Calls a verb. */
  call(
    verb: "get" | "list" | "create" | "update" | "patch" | "delete" | "deleteCollection",
    kindName: string,
    request: RigRequest = {},
  ): VerbAnswer {
    const whole = this.request(kindName, request);
    const { kind, body } = whole;
    const isObject = verb === "create" || verb === "update" || request.contentType?.includes("apply") === true;
    if (!isObject) return this.verbs[verb](whole);
    const apiVersion = kind.group === "" ? kind.version : `${kind.group}/${kind.version}`;
    return this.verbs[verb]({ ...whole, body: { apiVersion, kind: kind.kind, ...body as JsonObject } });
  }

  /** The same, for its object. */
  object(...call: Parameters<VerbsRig["call"]>): ApiObject {
    return this.call(...call).body as ApiObject;
  }

  /** A merge patch. */
  merge(kindName: string, name: string, body: Json, request: RigRequest = {}): ApiObject {
    return this.object("patch", kindName, { name, body, contentType: "application/merge-patch+json", ...request });
  }

  /** Creates a Widget. */
  widget(name: string, metadata: JsonObject = {}, rest: JsonObject = {}): ApiObject {
    return this.object("create", "Widget", { body: { metadata: { name, ...metadata }, ...rest } });
  }

  /** A watch; `signal` ends it. */
  watch(kindName: string, query: string, signal: AbortSignal): AsyncIterator<WatchEvent> {
    return this.verbs.watch(this.request(kindName, { query: `watch=1&${query}` }), signal)[Symbol.asyncIterator]();
  }

  /** How a call is refused: `404 widgets.example.com "x" not found`; "done" when it is not. */
  refusal(...call: Parameters<VerbsRig["call"]>): string {
    try {
      this.call(...call);
      return "done";
    } catch (error) {
      if (error instanceof StatusError) return `${error.code} ${error.message}`;
      throw error;
    }
  }

  /** Closes the store. */
  [Symbol.dispose](): void {
    this.store[Symbol.dispose]();
  }
}

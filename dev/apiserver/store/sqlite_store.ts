/** Objects in SQLite: the latest ones parsed in memory, their history as text in the database. */
import { type DatabaseSync, type StatementSync } from "node:sqlite";
import { type Clock, systemClock } from "../../../base/clock.ts";
import { addKey, keyIndex, keyOf, removeKey } from "./key_order.ts";
import type { ApiObject } from "../object.ts";
import { RecentChanges } from "./recent_changes.ts";
import { openFile, openMemory, unusable } from "./sqlite_file_store.ts";
import { expired, StatusError } from "../status_error.ts";
import type { Scope, Store, StoredChange, StoredChanges, StoredPage } from "./store_types.ts";

/** How much of the past is kept. */
export interface HistoryLimits {
  /** Changes. @default 10_000 */
  readonly changes?: number;
  /** Milliseconds; nothing is forgotten before the next write. @default 10 minutes */
  readonly ageMs?: number;
  /** Time. @default systemClock */
  readonly clock?: Clock;
}

/** Objects of one resource. */
interface Collection {
  readonly objects: Map<string, ApiObject>;
  /** Keys of `objects`, sorted. */
  readonly keys: string[];
}

/** A row of `versions`, joined with the one before it. */
interface Row {
  readonly revision: number;
  readonly resource: string;
  readonly namespace: string;
  readonly name: string;
  readonly deleted: number;
  readonly object: string;
  readonly beforeObject: string | null;
}

/** What was there before the first of some changes of an object: its revision, or 0. */
type FirstChange = Pick<Row, "namespace" | "name"> & { readonly before: number };

/** The past is trimmed once in so many writes. */
const WRITES_PER_TRIM = 256;
/** Rows of the past that a watch reads at a time. */
const ROWS_AT_A_TIME = 100;
/** Before the first write; 0 would mean "any" to clients. */
const FIRST_REVISION = 1;

/** {@link Store} over node:sqlite; every call is done when it returns. */
export class SqliteStore implements Store, Disposable {
  readonly #database: DatabaseSync;
  readonly #collections = new Map<string, Collection>();
  readonly #recent: RecentChanges;
  readonly #statements: ReturnType<typeof prepare>;
  readonly #limits: Required<HistoryLimits>;
  /** Revisions up to this one are not kept as a whole. */
  #forgotten: number;
  #wake = Promise.withResolvers<void>();

  private constructor(
    database: DatabaseSync,
    { changes = 10_000, ageMs = 600_000, clock = systemClock }: HistoryLimits,
  ) {
    this.#database = database;
    this.#limits = { changes, ageMs, clock };
    this.#statements = prepare(database);
    this.#forgotten = (this.#statements.forgotten.get() as { up_to: number }).up_to;
    for (const row of this.#statements.latest.iterate() as Iterable<unknown> as Iterable<Row>) {
      const collection = this.#collection(row.resource);
      const key = keyOf(row.namespace, row.name);
      collection.objects.set(key, JSON.parse(row.object));
      collection.keys.push(key);
    }
    for (const { keys } of this.#collections.values()) keys.sort((a, b) => a < b ? -1 : 1);
    const { revision } = this.#statements.revision.get() as { revision: number | null };
    this.#recent = new RecentChanges(Math.max(FIRST_REVISION, revision ?? 0, this.#forgotten));
  }

  /**
   * Over a file, which is made where there is none; without a path in memory.
   * @throws {StateError} when the file cannot be used
   */
  static open(path?: string, limits: HistoryLimits = {}): SqliteStore {
    if (path === undefined) return new SqliteStore(openMemory(), limits);
    const database = openFile(path);
    try {
      return new SqliteStore(database, limits);
    } catch (error) {
      database.close();
      throw unusable(path, error);
    }
  }

  /** The latest revision. */
  get revision(): number {
    return this.#recent.last;
  }

  /** One object. */
  get({ resource, namespace }: Scope, name: string): ApiObject | undefined {
    return this.#collections.get(resource)?.objects.get(keyOf(namespace, name));
  }

  /** Objects at a revision. */
  list(scope: Scope, options: { revision?: number; after?: string; limit?: number } = {}): StoredPage {
    const { revision = this.revision, after, limit = Infinity } = options;
    const { keys, read } = this.#at(scope.resource, revision);
    // "0" comes after "/": the end of a namespace's keys.
    const [first, end] = scope.namespace === undefined
      ? [0, keys.length]
      : [keyIndex(keys, `${scope.namespace}/`), keyIndex(keys, `${scope.namespace}0`)];
    const from = after === undefined ? first : Math.max(first, keyIndex(keys, `${after}\0`));
    const to = Math.min(end, from + limit);
    return {
      objects: keys.slice(from, to).map(read),
      revision,
      remaining: Math.max(0, end - to),
      ...(to < end ? { next: keys[to - 1]! } : {}),
    };
  }

  /** The keys of a collection as they were, and how to read the objects: what was written since is undone. */
  #at(resource: string, revision: number): { keys: readonly string[]; read: (key: string) => ApiObject } {
    const { objects, keys: now } = this.#collection(resource);
    if (revision === this.revision) return { keys: now, read: (key) => objects.get(key)! };
    this.#mustRemember(revision, "The resourceVersion for the provided list is too old.");
    const keys = [...now];
    const before = new Map<string, number>();
    for (const row of this.#statements.firstChanges.all(revision, resource) as unknown[] as FirstChange[]) {
      const key = keyOf(row.namespace, row.name);
      if (row.before === 0) { if (objects.has(key)) removeKey(keys, key); }
      else if (!objects.has(key)) addKey(keys, key);
      before.set(key, row.before);
    }
    const read = (key: string) => {
      const version = before.get(key);
      if (version === undefined) return objects.get(key)!;
      return JSON.parse((this.#statements.version.get(version) as { object: string }).object);
    };
    return { keys, read };
  }

  /** Writes one object. */
  put(scope: Scope, name: string, object: ApiObject, expected: string | "absent"): ApiObject | undefined {
    const { objects, keys } = this.#collection(scope.resource);
    const key = keyOf(scope.namespace, name);
    const before = objects.get(key);
    if ((before?.metadata["resourceVersion"] ?? "absent") !== expected) return undefined;
    const stored = this.#write(scope, name, object, before, false);
    if (before === undefined) addKey(keys, key);
    objects.set(key, stored);
    this.#tell({ type: before === undefined ? "ADDED" : "MODIFIED", object: stored, before }, scope);
    return stored;
  }

  /** Removes one object. */
  delete(scope: Scope, name: string, expected: string): ApiObject | undefined {
    const { objects, keys } = this.#collection(scope.resource);
    const key = keyOf(scope.namespace, name);
    const before = objects.get(key);
    if (before === undefined || before.metadata["resourceVersion"] !== expected) return undefined;
    const last = this.#write(scope, name, before, before, true);
    objects.delete(key);
    removeKey(keys, key);
    this.#tell({ type: "DELETED", object: last, before }, scope);
    return last;
  }

  #write(
    { resource, namespace = "" }: Scope,
    name: string,
    object: ApiObject,
    before: ApiObject | undefined,
    deleted: boolean,
  ) {
    const revision = this.revision + 1;
    const stored = { ...object, metadata: { ...object.metadata, resourceVersion: String(revision) } };
    const replaced = Number(before?.metadata["resourceVersion"] ?? 0);
    const now = this.#limits.clock.now();
    const text = JSON.stringify(stored);
    try {
      this.#statements.insert.run(revision, resource, namespace, name, replaced, deleted ? 1 : 0, now, text);
    } catch (error) {
      // Such as a full disk. Nothing has changed, in memory neither.
      const why = error instanceof Error ? error.message : String(error);
      throw new StatusError(500, "InternalError", `Internal error occurred: the state cannot be written: ${why}`);
    }
    return stored;
  }

  #tell(change: Omit<StoredChange, "revision" | "before"> & { before: ApiObject | undefined }, scope: Scope): void {
    const { type, object, before } = change;
    const revision = this.revision + 1;
    this.#recent.add(scope, { type, object, revision, ...(before === undefined ? {} : { before }) });
    if (revision % WRITES_PER_TRIM === 0) this.#trim();
    this.#wake.resolve();
    this.#wake = Promise.withResolvers();
  }

  /** Forgets what is beyond the limits; what cannot be forgotten now is so later. */
  #trim(): void {
    const { changes, ageMs, clock } = this.#limits;
    const young = this.#statements.firstYoung.get(this.#forgotten, clock.now() - ageMs) as
      | { revision: number }
      | undefined;
    const upTo = Math.max(this.revision - changes, (young?.revision ?? 1) - 1);
    if (upTo <= this.#forgotten) return;
    try {
      this.#database.exec("BEGIN");
      this.#statements.trimReplaced.run(this.#forgotten, upTo);
      this.#statements.trimDeleted.run(this.#forgotten, upTo);
      this.#statements.forget.run(upTo);
      this.#database.exec("COMMIT");
      this.#forgotten = upTo;
    } catch {
      // Such as a full disk. The write that led here is done; a transaction left open would take all later ones with it.
      if (this.#database.isTransaction) this.#database.exec("ROLLBACK");
    }
  }

  #mustRemember(revision: number, message: string): void {
    if (revision < this.#forgotten) throw expired(message);
  }

  /** The next write. */
  get written(): Promise<void> {
    return this.#wake.promise;
  }

  /** What happened after a revision: from memory for those that keep up, from the history for others. */
  changesAfter(scope: Scope, revision: number): StoredChanges {
    const recent = this.#recent.after(revision, scope);
    if (recent !== undefined) return recent;
    this.#mustRemember(revision, `too old resource version: ${revision} (${this.#forgotten})`);
    const { resource, namespace } = scope;
    const rows = this.#statements.after.all(revision, ROWS_AT_A_TIME) as unknown[] as Row[];
    const wanted = rows.filter((row) => row.resource === resource && (namespace ?? row.namespace) === row.namespace);
    return { changes: wanted.map(changeOf), upTo: rows.at(-1)?.revision ?? revision };
  }

  #collection(resource: string): Collection {
    const known = this.#collections.get(resource);
    if (known !== undefined) return known;
    const made: Collection = { objects: new Map(), keys: [] };
    this.#collections.set(resource, made);
    return made;
  }

  /** Closes the file, and gives it free for others. */
  [Symbol.dispose](): void {
    this.#database.close();
  }
}

function changeOf({ revision, deleted, object, beforeObject }: Row): StoredChange {
  const type = deleted === 1 ? "DELETED" : beforeObject === null ? "ADDED" : "MODIFIED";
  const before = beforeObject === null ? {} : { before: JSON.parse(beforeObject) as ApiObject };
  return { type, object: JSON.parse(object), revision, ...before };
}

function prepare(database: DatabaseSync) {
  const joined = "SELECT v.*, b.object AS beforeObject FROM versions v LEFT JOIN versions b ON b.revision = v.before";
  const sql = {
    insert: "INSERT INTO versions VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
    revision: "SELECT max(revision) AS revision FROM versions",
    latest: "SELECT * FROM versions WHERE deleted = 0 AND revision NOT IN (SELECT before FROM versions)",
    after: `${joined} WHERE v.revision > ? ORDER BY v.revision LIMIT ?`,
    // SQLite takes the other columns from the row of the minimum.
    firstChanges:
      "SELECT min(revision), namespace, name, before FROM versions WHERE revision > ? AND resource = ? GROUP BY namespace, name",
    version: "SELECT object FROM versions WHERE revision = ?",
    // Stops at the first row that is young, which mostly is the first it looks at.
    firstYoung: "SELECT revision FROM versions WHERE revision > ? AND written_ms >= ? ORDER BY revision LIMIT 1",
    trimReplaced:
      "DELETE FROM versions WHERE revision IN (SELECT before FROM versions WHERE revision > ? AND revision <= ?)",
    trimDeleted: "DELETE FROM versions WHERE deleted = 1 AND revision > ? AND revision <= ?",
    forgotten: "SELECT up_to FROM forgotten",
    forget: "UPDATE forgotten SET up_to = ?",
  };
  const prepared = Object.entries(sql).map(([name, text]) => [name, database.prepare(text)] as const);
  return Object.fromEntries(prepared) as Record<keyof typeof sql, StatementSync>;
}

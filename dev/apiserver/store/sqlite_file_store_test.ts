import assert from "node:assert/strict";
import { DatabaseSync } from "node:sqlite";
import { StateError } from "./sqlite_file_store.ts";
import { SqliteStore } from "./sqlite_store.ts";

const SCOPE = { resource: "configmaps", namespace: "a" };
const OBJECT = { apiVersion: "v1", kind: "ConfigMap", metadata: { name: "x" } };

async function inFolder(test: (path: string) => void): Promise<void> {
  const folder = await Deno.makeTempDir({ prefix: "metalman-state-" });
  try {
    test(`${folder}/state.sqlite`);
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
}

function refusal(path: string): string {
  try {
    SqliteStore.open(path)[Symbol.dispose]();
    return "opened";
  } catch (error) {
    assert.ok(error instanceof StateError);
    return error.message.replace(path, "PATH");
  }
}

Deno.test("a file keeps objects, their history and the revision, and its owner alone may read it", () =>
  inFolder((path) => {
    let revision: number;
    {
      using store = SqliteStore.open(path);
      const first = store.put(SCOPE, "x", OBJECT, "absent")!;
      revision = store.revision;
      store.put(SCOPE, "y", OBJECT, "absent");
      store.delete(SCOPE, "x", String(first.metadata["resourceVersion"]));
    }
    assert.equal(Deno.statSync(path).mode! & 0o777, 0o600);
    using store = SqliteStore.open(path);
    assert.equal(store.revision, revision + 2);
    assert.equal(store.get(SCOPE, "x"), undefined);
    assert.equal(store.list(SCOPE).objects.length, 1);
    assert.equal(store.list(SCOPE, { revision }).objects[0]?.metadata.name, "x");
    assert.deepEqual(store.changesAfter(SCOPE, revision).changes.map(({ type }) => type), ["ADDED", "DELETED"]);
  }));

Deno.test("what was forgotten stays forgotten when the file is opened again", () =>
  inFolder((path) => {
    const write = (store: SqliteStore) => {
      const version = store.get(SCOPE, "x")?.metadata["resourceVersion"] ?? "absent";
      store.put(SCOPE, "x", OBJECT, String(version));
    };
    {
      using store = SqliteStore.open(path, { changes: 10 });
      for (let i = 0; i < 600; i++) write(store);
    }
    using store = SqliteStore.open(path);
    assert.throws(() => store.changesAfter(SCOPE, 5), /too old resource version: 5 \(502\)/);
    write(store);
    assert.equal(store.list(SCOPE, { revision: store.revision - 1 }).objects.length, 1);
  }));

Deno.test("a past that cannot be trimmed (a full disk) is no trouble of who writes, and what is written then is kept", async () => {
  await inFolder((path) => {
    SqliteStore.open(path)[Symbol.dispose]();
    const database = new DatabaseSync(path);
    database.exec("CREATE TRIGGER full BEFORE DELETE ON versions BEGIN SELECT RAISE(FAIL, 'disk is full'); END");
    database.close();
    {
      using store = SqliteStore.open(path, { changes: 10 });
      for (let i = 0; i < 600; i++) {
        const version = store.get(SCOPE, "x")?.metadata["resourceVersion"] ?? "absent";
        store.put(SCOPE, "x", OBJECT, String(version));
      }
    }
    using store = SqliteStore.open(path);
    assert.equal(store.revision, 601);
    assert.equal(store.changesAfter(SCOPE, 1).changes.length, 100);
  });
});

Deno.test("a state that is in use is refused, and free after its end", () =>
  inFolder((path) => {
    {
      using _store = SqliteStore.open(path);
      assert.equal(
        refusal(path),
        "PATH is in use by another process: stop that one, or name another folder with --state",
      );
    }
    assert.equal(refusal(path), "opened");
  }));

Deno.test("a crash leaves a state that can be opened", () =>
  inFolder((path) => {
    const script = `
      import { SqliteStore } from ${JSON.stringify(new URL("./sqlite_store.ts", import.meta.url).href)};
      const store = SqliteStore.open(${JSON.stringify(path)});
      store.put({ resource: "configmaps", namespace: "a" }, "x", ${JSON.stringify(OBJECT)}, "absent");
      Deno.kill(Deno.pid, "SIGKILL");`;
    const config = new URL("../../../deno.json", import.meta.url).pathname;
    const { signal } = new Deno.Command(Deno.execPath(), {
      args: ["eval", "--config", config, script],
      stderr: "null",
    }).outputSync();
    assert.equal(signal, "SIGKILL");
    using store = SqliteStore.open(path);
    assert.equal(store.get(SCOPE, "x")?.metadata["resourceVersion"], String(store.revision));
  }));

Deno.test("files that are no state are refused in one line, and left as they are", () =>
  inFolder((path) => {
    const notOurs = "PATH is not a state of metalman: name another folder with --state";
    Deno.writeTextFileSync(path, "hello ".repeat(100));
    assert.equal(refusal(path), notOurs);
    assert.equal(Deno.readTextFileSync(path), "hello ".repeat(100));
    Deno.removeSync(path);
    const other = new DatabaseSync(path);
    other.exec("CREATE TABLE x (y)");
    other.close();
    assert.equal(refusal(path), notOurs);
  }));

Deno.test("a state of another version is refused", () =>
  inFolder((path) => {
    SqliteStore.open(path)[Symbol.dispose]();
    const database = new DatabaseSync(path);
    database.exec("PRAGMA user_version = 7");
    database.close();
    assert.equal(
      refusal(path),
      "PATH is of version 7, this metalman reads version 1: remove it, or name another folder with --state",
    );
  }));

Deno.test("a damaged state is refused", () =>
  inFolder((path) => {
    {
      using store = SqliteStore.open(path);
      for (let i = 0; i < 100; i++) store.put(SCOPE, `x${i}`, { ...OBJECT, data: { a: "b".repeat(500) } }, "absent");
    }
    using file = Deno.openSync(path, { read: true, write: true });
    file.truncateSync(6000);
    assert.match(refusal(path), /^PATH cannot be used \(.+\): remove it, or name another folder with --state$/);
  }));

Deno.test("a path that cannot be written is refused", () =>
  inFolder((path) => {
    assert.match(refusal(`${path}/missing/state`), /cannot be opened \(.+\): name another folder with --state$/);
    Deno.mkdirSync(path);
    assert.match(refusal(path), /^PATH cannot be opened \(.+\): name another folder with --state$/);
  }));

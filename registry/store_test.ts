import assert from "node:assert/strict";
import { CacheFolderError } from "./errors.ts";
import { formatIndex } from "./image_index.ts";
import { ImageStore } from "./store.ts";

const digest = (c: string) => `sha256:${c.repeat(64)}`;
const HOUR = 3_600_000;

async function withFolder(test: (folder: string) => Promise<void>): Promise<void> {
  const folder = await Deno.makeTempDir();
  try {
    await test(folder);
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
}

/** Puts an image of one file into the store. */
async function add(store: ImageStore, name: string, content = "content"): Promise<void> {
  const folder = await store.newFolder();
  await Deno.writeTextFile(`${folder}/0`, content);
  const index = { files: [["file", 0, 7, -1]] as const, links: [] };
  await Deno.writeTextFile(`${folder}/index.json`, formatIndex({ digest: digest(name), ...index }));
  await store.adopt(folder, digest(name));
}

const names = (folder: string) => [...Deno.readDirSync(folder)].map(({ name }) => name).sort();

Deno.test("an image and what its reference led to survive a restart (contract 11.4)", () =>
  withFolder(async (folder) => {
    {
      await using store = await ImageStore.open(folder);
      await add(store, "a");
      await store.bind("k", { named: digest("b"), image: digest("a") });
    }
    await using store = await ImageStore.open(folder);
    assert.deepEqual(store.binding("k"), { named: digest("b"), image: digest("a") });
    assert.equal(await Deno.readTextFile(store.image(digest("a"))!.file("file")!.absolutePath), "content");
    assert.deepEqual(store.notices, []);
  }));

Deno.test("a second process on the folder is refused in words", () =>
  withFolder(async (folder) => {
    await using _store = await ImageStore.open(folder);
    await assert.rejects(ImageStore.open(folder), (error) => {
      assert.ok(error instanceof CacheFolderError);
      assert.match(error.message, /is in use by another metalman; give each its own --cache-dir/);
      return true;
    });
  }));

Deno.test("a folder that cannot be made is refused in words", () =>
  withFolder(async (folder) => {
    await Deno.writeTextFile(`${folder}/file`, "");
    await assert.rejects(ImageStore.open(`${folder}/file/cache`), /cannot write to cache folder .*file\/cache/);
  }));

Deno.test("what a crash left is removed at start, half an image never counts (contract 11.5)", () =>
  withFolder(async (folder) => {
    {
      await using store = await ImageStore.open(folder);
      await add(store, "a");
      await add(store, "b", "short");
      await add(store, "c", "short");
      await Deno.writeTextFile(`${store.folderOf(digest("c"))}/synced`, "");
      await Deno.writeTextFile(`${await store.newFolder()}/half`, "");
      await Deno.mkdir(`${folder}/images/no-index`);
      await store.bind("k", { named: digest("b"), image: digest("b") });
    }
    await Deno.writeTextFile(`${folder}/tmp/bindings.json`, "half");
    await using store = await ImageStore.open(folder);
    assert.deepEqual(names(`${folder}/tmp`), []);
    assert.deepEqual(names(`${folder}/images`), [`sha256-${"a".repeat(64)}`, `sha256-${"c".repeat(64)}`]);
    assert.equal(store.image(digest("b")), undefined, "its file was shorter than it should be");
    assert.ok(store.image(digest("c")), "once synced, files are not looked at again");
    assert.equal(store.binding("k"), undefined);
    assert.equal(store.notices.length, 2);
  }));

Deno.test("a damaged table of references is made again", () =>
  withFolder(async (folder) => {
    for (const text of ["{", '{"version":2}', '{"version":1,"bindings":{"k":{"named":"x","image":"y"}}}']) {
      await Deno.writeTextFile(`${folder}/bindings.json`, text);
      await using store = await ImageStore.open(folder);
      assert.equal(store.notices.length, 1);
      assert.equal(store.binding("k"), undefined);
    }
  }));

Deno.test("collect() removes what was unused for the grace time, and nothing else", () =>
  withFolder(async (folder) => {
    await using store = await ImageStore.open(folder);
    for (const name of ["a", "b", "c"]) await add(store, name);
    await store.bind("ka", { named: digest("a"), image: digest("a") });
    await store.bind("kb", { named: digest("b"), image: digest("b") });
    const file = store.image(digest("b"))!.file("file")!.absolutePath;
    using open = await Deno.open(file);
    const collect = (atMs: number, keys: string[], pins: string[] = []) =>
      store.collect(new Set(keys), new Set(pins.map(digest)), atMs, HOUR);
    assert.deepEqual(await collect(0, ["ka"], ["c"]), []);
    assert.deepEqual(await collect(HOUR - 1, ["ka"], ["c"]), []);
    assert.deepEqual(await collect(HOUR, ["ka"], ["c"]), [digest("b")]);
    assert.equal(store.image(digest("b")), undefined);
    assert.equal(store.binding("kb"), undefined);
    assert.equal(await new Response(open.readable).text(), "content", "who has it open reads on");
    assert.deepEqual(await collect(2 * HOUR, ["ka"]), [], "the grace time of c begins now");
    assert.deepEqual(await collect(3 * HOUR, ["ka"], ["c"]), [], "c is used again");
    assert.deepEqual(await collect(4 * HOUR, ["ka"]), []);
    assert.deepEqual(await collect(5 * HOUR, ["ka"]), [digest("c")]);
    assert.ok(store.image(digest("a")));
  }));

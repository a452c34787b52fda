import assert from "node:assert/strict";
import { hash } from "node:crypto";
import { dirname } from "node:path";
import { FakeClock } from "../../base/clock.ts";
import { LayoutStore } from "./layout_store.ts";
import { UploadStore } from "./upload_store.ts";

async function* pieces(...texts: string[]) {
  for (const text of texts) yield await Promise.resolve(new TextEncoder().encode(text));
}

async function withUploads(run: (uploads: UploadStore, clock: FakeClock, store: LayoutStore) => Promise<void>) {
  const folder = await Deno.makeTempDir({ prefix: "metalman-uploads-" });
  try {
    await using store = await LayoutStore.open(folder);
    const clock = new FakeClock();
    await run(new UploadStore(store, () => clock.now()), clock, store);
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
}

const UNKNOWN = { code: "BLOB_UPLOAD_UNKNOWN" };

Deno.test("an hour without a byte ends an upload", () =>
  withUploads(async (uploads, clock) => {
    const first = await uploads.start("a");
    clock.advance(3_600_001);
    await uploads.start("a");
    assert.throws(() => uploads.state("a", first.id), UNKNOWN);
  }));

Deno.test("unfinished uploads are bounded in number: the one left alone longest makes room, once it is ten seconds", () =>
  withUploads(async (uploads, clock, store) => {
    const [first, second] = [await uploads.start("a"), await uploads.start("a")];
    clock.advance(5000);
    for (let i = 2; i < 64; i++) await uploads.start("a");
    await uploads.append("a", first.id, 0, pieces("x"));
    clock.advance(4999);
    await assert.rejects(uploads.start("a"), {
      status: 429,
      code: "TOOMANYREQUESTS",
      headers: { "Retry-After": "10" },
    });
    clock.advance(1);
    await uploads.start("a");
    assert.throws(() => uploads.state("a", second.id), UNKNOWN);
    await assert.rejects(Deno.stat(store.newPath(second.id)), Deno.errors.NotFound);
    assert.equal(uploads.state("a", first.id).size, 1);
    await assert.rejects(uploads.start("a"), { status: 429 });
  }));

Deno.test("an upload that a client is sending makes no room for others, however long it takes", () =>
  withUploads(async (uploads, clock) => {
    const { id } = await uploads.start("a");
    const gate = Promise.withResolvers<void>();
    async function* slow() {
      await gate.promise;
      yield new TextEncoder().encode("x");
    }
    const sent = uploads.append("a", id, 0, slow());
    for (let i = 1; i < 64; i++) await uploads.start("a");
    clock.advance(10_000);
    for (let i = 1; i < 64; i++) await uploads.start("a");
    await assert.rejects(uploads.start("a"), { status: 429 });
    gate.resolve();
    await sent;
    assert.equal(uploads.state("a", id).size, 1);
  }));

Deno.test("an upload has one writer; a fault in its body leaves what came before", () =>
  withUploads(async (uploads, clock) => {
    const { id } = await uploads.start("a");
    const gate = Promise.withResolvers<void>();
    // The line may be cut before the store has got to it.
    gate.promise.catch(() => {});
    async function* failing() {
      yield new TextEncoder().encode("abc");
      await gate.promise;
    }
    const first = uploads.append("a", id, undefined, failing());
    await assert.rejects(uploads.append("a", id, undefined, pieces("x")), { status: 409 });
    await assert.rejects(uploads.cancel("a", id), { status: 409 });
    clock.advance(10_000_000);
    await uploads.start("b");
    gate.reject(new Error("the line is cut"));
    await assert.rejects(first, /the line is cut/);
    assert.equal(uploads.state("a", id).size, 3);
  }));

Deno.test("a blob is there when its digest is verified, over any number of pieces and requests", () =>
  withUploads(async (uploads, _clock, store) => {
    const { id } = await uploads.start("a");
    await uploads.append("a", id, 0, pieces("ab", "", "c"));
    const digest = `sha256:${hash("sha256", "abcde", "hex")}`;
    await assert.rejects(uploads.finish("a", id, digest, 2, pieces("x")), { status: 416, headers: { Range: "0-2" } });
    assert.equal(await store.blob("a", digest), undefined);
    await uploads.finish("a", id, digest, 3, pieces("d", "e"));
    assert.equal((await store.blob("a", digest))?.size, 5);
    assert.throws(() => uploads.state("a", id), { status: 404 });
  }));

Deno.test("a blob is bounded in size: an upload that grows beyond it is dropped", () =>
  withUploads(async (_uploads, clock, store) => {
    const uploads = new UploadStore(store, () => clock.now(), 5);
    const { id } = await uploads.start("a");
    await uploads.append("a", id, 0, pieces("abc", "de"));
    await assert.rejects(uploads.append("a", id, 5, pieces("f")), { status: 413, code: "SIZE_INVALID" });
    assert.throws(() => uploads.state("a", id), { code: "BLOB_UPLOAD_UNKNOWN" });
    await assert.rejects(Deno.stat(store.newPath(id)), Deno.errors.NotFound);
  }));

Deno.test("an upload whose file something has removed is dropped without a word to the next client", () =>
  withUploads(async (uploads, clock, store) => {
    const { id } = await uploads.start("a");
    await Deno.remove(store.newPath(id));
    clock.advance(3_600_001);
    await uploads.start("a");
    assert.throws(() => uploads.state("a", id), UNKNOWN);
  }));

Deno.test("an upload that could not begin takes no room from others", () =>
  withUploads(async (uploads, _clock, store) => {
    const folder = dirname(store.newPath());
    await Deno.rename(folder, `${folder}-away`);
    for (let i = 0; i < 64; i++) await assert.rejects(uploads.start("a"), Deno.errors.NotFound);
    await Deno.rename(`${folder}-away`, folder);
    await uploads.start("a");
  }));

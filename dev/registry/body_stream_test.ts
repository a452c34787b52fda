import assert from "node:assert/strict";
import { bodyPieces, fileStream, wholeBody } from "./body_stream.ts";

/** Comes for ever, a byte at a time. */
function endless(onCancel: () => void = () => {}): ReadableStream<Uint8Array> {
  let timer: ReturnType<typeof setInterval>;
  return new ReadableStream({
    start(controller) {
      timer = setInterval(() => controller.enqueue(new Uint8Array(1)), 1);
    },
    cancel() {
      clearInterval(timer);
      onCancel();
    },
  });
}

async function count(pieces: AsyncIterable<Uint8Array>): Promise<number> {
  let size = 0;
  for await (const piece of pieces) size += piece.length;
  return size;
}

Deno.test("bodyPieces(): a body that comes for ever, or not at all, is given up", async () => {
  let cancelled = 0;
  const slow = endless(() => void cancelled++);
  await assert.rejects(count(bodyPieces(slow, { totalMs: 20 })), { status: 408, message: /more than 0.02 s/ });
  const silent = new ReadableStream<Uint8Array>({ cancel: () => void cancelled++ });
  await assert.rejects(count(bodyPieces(silent, { idleMs: 5 })), { status: 408, message: /nothing of the body came/ });
  const stop = new AbortController();
  const stopped = count(bodyPieces(endless(() => void cancelled++), { signal: stop.signal }));
  stop.abort();
  await assert.rejects(stopped, { status: 408, message: /the registry is ending/ });
  assert.equal(cancelled, 3);
});

Deno.test("bodyPieces(): a body whose line is cut is told from a whole one", async () => {
  const cut = new ReadableStream<Uint8Array>({ start: (controller) => controller.error(new Error("reset")) });
  await assert.rejects(count(bodyPieces(cut)), { status: 408, message: /ended early/ });
  assert.equal(await count(bodyPieces(null)), 0);
  assert.equal(await count(bodyPieces(new Blob(["abc"]).stream())), 3);
});

Deno.test("wholeBody() reads no more than it may", async () => {
  let cancelled = false;
  await assert.rejects(wholeBody(endless(() => void (cancelled = true)), 3), { status: 413, code: "SIZE_INVALID" });
  assert.equal(cancelled, true);
  assert.deepEqual(await wholeBody(new Blob(["abc"]).stream(), 3), new TextEncoder().encode("abc"));
});

Deno.test("fileStream() gives a part of a file, and fails where the file has become shorter", async () => {
  const path = await Deno.makeTempFile();
  await Deno.writeTextFile(path, "0123456789");
  assert.equal(await new Response(await fileStream(path, { start: 2, end: 5 })).text(), "234");
  assert.equal(await new Response(await fileStream(path, { start: 3, end: 3 })).text(), "");
  await assert.rejects(new Response(await fileStream(path, { start: 5, end: 11 })).text(), /become shorter/);
  await Deno.remove(path);
});

import assert from "node:assert/strict";
import { Buffer } from "node:buffer";
import { FileStreams, readPlan } from "./file_stream.ts";
import type { Pieces } from "./message.ts";

const SIZE = 3 * 1024 * 1024 + 17;

/** A file of bytes that tell their place; removed when disposed. */
function fileOf(size: number) {
  const path = Deno.makeTempFileSync();
  const bytes = new Uint8Array(size).map((_, i) => (i * 31 + (i >> 8)) & 255);
  Deno.writeFileSync(path, bytes);
  return { path, bytes, [Symbol.dispose]: () => Deno.removeSync(path) };
}

/** Takes each piece over before it asks for the next, as a connection does. */
async function drain(body: Pieces | Uint8Array | undefined): Promise<Uint8Array> {
  assert.ok(body !== undefined);
  if (body instanceof Uint8Array) return body;
  using _body = body;
  const chunks: Uint8Array[] = [];
  for (let piece = await body.next(); piece !== undefined; piece = await body.next()) chunks.push(piece.slice());
  return Buffer.concat(chunks);
}

for (
  const [name, start, end] of [
    ["all of it", 0, SIZE],
    ["a part", 1_000_000, 2_500_001],
    ["the rest", SIZE - 100_000, SIZE],
    ["little", 10, 20],
    ["nothing", 5, 5],
  ] as const
) {
  Deno.test(`FileStreams sends ${name}, byte for byte, and closes the file`, async () => {
    using file = fileOf(SIZE);
    const streams = new FileStreams();
    const body = await drain(streams.open(file.path, { start, end }));
    assert.ok(Buffer.compare(body, file.bytes.subarray(start, end)) === 0);
    assert.equal(streams.active, 0);
  });
}

Deno.test("FileStreams serves many at once, byte for byte", async () => {
  using file = fileOf(SIZE);
  const streams = new FileStreams();
  const spans = Array.from({ length: 12 }, (_, i) => ({ start: i, end: i % 2 === 0 ? SIZE : SIZE - 9 }));
  const bodies = await Promise.all(spans.map((span) => drain(streams.open(file.path, span))));
  for (const [i, body] of bodies.entries()) {
    assert.ok(Buffer.compare(body, file.bytes.subarray(spans[i]!.start, spans[i]!.end)) === 0, `body ${i}`);
  }
  assert.equal(streams.active, 0);
});

Deno.test("FileStreams closes the file when the client goes", async () => {
  using file = fileOf(SIZE);
  const streams = new FileStreams();
  {
    using body = streams.open(file.path, { start: 0, end: SIZE }) as Pieces;
    await body.next();
    assert.equal(streams.active, 1);
  }
  assert.equal(streams.active, 0);
});

Deno.test("readPlan() keeps what all transfers hold together within 16 MiB, up to 256 of them", () => {
  for (let transfers = 1; transfers <= 256; transfers++) {
    const { bytes, buffers } = readPlan(transfers);
    assert.ok(transfers * bytes * buffers <= 16 * 1024 * 1024);
  }
});

Deno.test("FileStreams breaks off when the file is shorter than promised, instead of sending less", async () => {
  using file = fileOf(100_000);
  const streams = new FileStreams();
  await assert.rejects(() => drain(streams.open(file.path, { start: 0, end: 200_000 })), /shorter/);
  assert.equal(streams.active, 0);
  assert.throws(() => streams.open(file.path, { start: 99_990, end: 100_010 }), /shorter/);
});

Deno.test("FileStreams has nothing of a file that is gone", () => {
  using file = fileOf(1);
  assert.equal(new FileStreams().open(`${file.path}-gone`, { start: 0, end: 1 }), undefined);
});

import { deepEqual, equal, ok, rejects } from "node:assert/strict";
import fc from "fast-check";
import { BadRequest, MAX_HEAD } from "./head.ts";
import { Incoming } from "./incoming.ts";

const encode = (text: string) => Uint8Array.from(text, (c) => c.charCodeAt(0));
const decode = (bytes?: Uint8Array) => bytes === undefined ? undefined : String.fromCharCode(...bytes);

/** A connection that gives the text in pieces of these sizes, the last size again and again. */
function incoming(text: string, sizes: readonly number[] = [1 << 20]): Incoming {
  const bytes = encode(text);
  let at = 0;
  let turn = 0;
  return new Incoming((buffer) => {
    if (at === bytes.length) return Promise.resolve(null);
    const size = Math.max(1, Math.min(sizes[Math.min(turn++, sizes.length - 1)]!, buffer.length, bytes.length - at));
    buffer.set(bytes.subarray(at, at + size));
    at += size;
    return Promise.resolve(size);
  });
}

const nothing = () => {};

Deno.test("Incoming cuts pipelined requests apart, however the bytes come", async () => {
  const text =
    "\r\nGET /a HTTP/1.1\r\nHost: x\r\n\r\nPOST /b HTTP/1.1\r\nHost: x\r\nContent-Length: 5\r\n\r\nhelloGET /c HTTP/1.0\n\n";
  await fc.assert(fc.asyncProperty(fc.array(fc.integer({ min: 1, max: 40 }), { minLength: 1 }), async (sizes) => {
    const source = incoming(text, sizes);
    equal(await source.head(nothing), "GET /a HTTP/1.1\r\nHost: x");
    equal(await source.head(nothing), "POST /b HTTP/1.1\r\nHost: x\r\nContent-Length: 5");
    equal(decode(await source.body({ kind: "length", length: 5 }, 100)), "hello");
    equal(await source.head(nothing), "GET /c HTTP/1.0");
    equal(await source.head(nothing), undefined);
  }));
});

Deno.test("Incoming reads chunked bodies with extensions and trailers (RFC 9112 section 7.1)", async () => {
  const text = "5;a=b\r\nhello\r\n6\r\n world\r\n0\r\nTrailer: x\r\n\r\nGET / HTTP/1.0\r\n\r\n";
  await fc.assert(fc.asyncProperty(fc.array(fc.integer({ min: 1, max: 20 }), { minLength: 1 }), async (sizes) => {
    const source = incoming(text, sizes);
    equal(decode(await source.body({ kind: "chunked" }, 11)), "hello world");
    equal(await source.head(nothing), "GET / HTTP/1.0");
  }));
  equal(await incoming(text).body({ kind: "chunked" }, 10), undefined);
});

Deno.test("Incoming says when a request has begun, and that is not an empty line", async () => {
  let begun = 0;
  const source = incoming("\r\n\r\nGET / HTTP/1.0\r\n\r\n", [2, 2, 3]);
  await source.head(() => begun++);
  equal(begun, 1);
});

Deno.test("Incoming bounds heads and lines, and refuses what ends early", async () => {
  const bad = (status: number) => (error: unknown) => error instanceof BadRequest && error.status === status;
  await rejects(incoming("GET / HTTP/1.1\r\nA: " + "x".repeat(MAX_HEAD)).head(nothing), bad(431));
  await rejects(incoming("GET / HTTP/1.1\r\nHo").head(nothing), bad(400));
  await rejects(incoming("hel").body({ kind: "length", length: 5 }, 100), bad(400));
  await rejects(incoming("5\r\nhelloX\r\n0\r\n\r\n").body({ kind: "chunked" }, 100), bad(400));
  await rejects(incoming("5" + " ".repeat(1000)).body({ kind: "chunked" }, 100), bad(400));
  await rejects(incoming("0\r\n" + "a: b\r\n".repeat(100)).body({ kind: "chunked" }, 100), bad(431));
});

Deno.test("Incoming keeps a body of one-byte chunks in little more memory than its size", async () => {
  const count = 500_000;
  const source = incoming("1\r\nx\r\n".repeat(count) + "0\r\n\r\n");
  const before = Deno.memoryUsage().heapUsed;
  const body = await source.body({ kind: "chunked" }, 1 << 20);
  const grown = Deno.memoryUsage().heapUsed - before;
  equal(body?.length, count);
  // Kept apart, they took 240 bytes each.
  ok(grown < 64 * 1024 * 1024, `${grown} bytes`);
});

Deno.test("Incoming survives 200,000 mutated bytes streams", async () => {
  const seed = encode("POST / HTTP/1.1\r\nHost: x\r\n\r\n2\r\nhi\r\n2\r\nho\r\n0\r\n\r\n");
  let state = 99;
  const next = (n: number) => (state = (state * 1103515245 + 12345) & 0x7fffffff) % n;
  const outcomes = new Set<string>();
  for (let i = 0; i < 200_000; i++) {
    const bytes = seed.slice(0, 1 + next(seed.length));
    for (let edits = next(3); edits > 0; edits--) {
      bytes[next(bytes.length)] = next(3) === 0 ? next(256) : [10, 13, 32, 58][next(4)]!;
    }
    const source = incoming(decode(bytes)!, [1 + next(30)]);
    try {
      await source.head(nothing);
      outcomes.add((await source.body({ kind: "chunked" }, 4)) === undefined ? "large" : "body");
    } catch (error) {
      if (!(error instanceof BadRequest)) throw error;
      outcomes.add(String(error.status));
    }
  }
  deepEqual([...outcomes].sort().join(), "400,body,large");
});

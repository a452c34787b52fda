import assert from "node:assert/strict";
import { FakeClock } from "../../base/clock.ts";
import { readBody } from "./body.ts";

const encoder = new TextEncoder();

function post(body: BodyInit, headers: Record<string, string> = {}): Request {
  return new Request("http://x/", { method: "POST", body, headers });
}

function limits(clock = new FakeClock()) {
  return { maxBytes: 10, timeoutMs: 1000, clock };
}

function streamOf(...chunks: Uint8Array[]): ReadableStream<Uint8Array> {
  return ReadableStream.from(chunks) as ReadableStream<Uint8Array>;
}

for (
  const [name, request, wanted] of [
    ["a body", () => post("hello"), { kind: "text", text: "hello" }],
    ["none", () => new Request("http://x/", { method: "POST" }), { kind: "text", text: "" }],
    [
      "a character across chunks",
      () => post(streamOf(encoder.encode("\u00e9").subarray(0, 1), encoder.encode("\u00e9").subarray(1))),
      {
        kind: "text",
        text: "\u00e9",
      },
    ],
    ["what is not UTF-8", () => post(Uint8Array.of(0xff)), { kind: "text", text: "\ufffd" }],
    ["exactly the limit", () => post("0123456789"), { kind: "text", text: "0123456789" }],
    ["too large, as it says", () => post("x", { "content-length": "11" }), { kind: "tooLarge" }],
    ["too large, though it does not say", () => post(streamOf(encoder.encode("012345"), encoder.encode("67890"))), {
      kind: "tooLarge",
    }],
    [
      "a connection that breaks",
      () => post(new ReadableStream({ pull: () => Promise.reject(new Error("reset")) })),
      { kind: "broken" },
    ],
  ] as const
) {
  Deno.test(`readBody(): ${name}`, async () => {
    const clock = new FakeClock();
    assert.deepEqual(await readBody(request(), limits(clock)), wanted);
    assert.equal(clock.sleeping, 0);
  });
}

Deno.test("readBody() waits so long for a body, and no longer, and lets go of it then", async () => {
  const clock = new FakeClock();
  const cancelled = Promise.withResolvers<void>();
  const slow = new ReadableStream<Uint8Array>({
    start: (controller) => controller.enqueue(encoder.encode("a")),
    cancel: () => cancelled.resolve(),
  });
  const reading = readBody(post(slow), limits(clock));
  clock.advance(999);
  clock.advance(1);
  assert.deepEqual(await reading, { kind: "tooSlow" });
  await cancelled.promise;
});

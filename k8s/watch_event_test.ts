import assert from "node:assert/strict";
import fc from "fast-check";
import { ApiError, ConfigError, ConnectionError, GarbageError, TooLargeError } from "./errors.ts";
import { LineSplitter } from "./lines.ts";
import { parseWatchEvent, recoverFrom } from "./watch_event.ts";

const bytes = (text: string) => new TextEncoder().encode(text);

Deno.test("LineSplitter gives the same lines however the bytes are cut, and never the last half of one", () => {
  fc.assert(
    fc.property(
      fc.array(fc.string({ unit: "grapheme", minLength: 1 }).filter((s) => !/[\r\n]|\s$/.test(s)), { maxLength: 8 }),
      fc.string(),
      fc.array(fc.nat(20), { minLength: 1 }),
      (wanted, half, sizes) => {
        const all = bytes(wanted.map((line) => line + "\n").join("") + half.replaceAll("\n", ""));
        const splitter = new LineSplitter(1 << 20);
        const lines: string[] = [];
        for (let at = 0, i = 0; at < all.length; i++) {
          const size = sizes[i % sizes.length]! + 1;
          lines.push(...splitter.push(all.subarray(at, at + size)));
          at += size;
        }
        assert.deepEqual(lines, wanted);
      },
    ),
    { seed: 1, numRuns: 500 },
  );
});

Deno.test("LineSplitter refuses a line that is too long, in one piece or in many", () => {
  assert.throws(() => [...new LineSplitter(10).push(bytes("x".repeat(11)))], TooLargeError);
  assert.throws(() => [...new LineSplitter(10).push(bytes("x".repeat(11) + "\n"))], TooLargeError);
  const many = new LineSplitter(10);
  assert.throws(() => {
    for (let i = 0; i < 11; i++) [...many.push(bytes("x"))];
  }, TooLargeError);
  assert.deepEqual([...new LineSplitter(10).push(bytes("0123456789\n\nab\r\n"))], ["0123456789", "ab"]);
});

Deno.test("parseWatchEvent() reads each kind of event", () => {
  const object = { metadata: { name: "a", resourceVersion: "7" } };
  const line = (type: string, value: unknown) => JSON.stringify({ type, object: value });
  for (const [type, kind] of [["ADDED", "put"], ["MODIFIED", "put"], ["DELETED", "delete"]] as const) {
    assert.deepEqual(parseWatchEvent(line(type, object)), { kind, object, resourceVersion: "7" });
  }
  const bookmark = parseWatchEvent(line("BOOKMARK", { metadata: { resourceVersion: "9" } }));
  assert.deepEqual(bookmark, { kind: "bookmark", resourceVersion: "9" });
  const failed = parseWatchEvent(line("ERROR", { code: 410, reason: "Expired", message: "old" }));
  assert.ok(failed.kind === "error" && failed.error.status === 410 && failed.error.reason === "Expired");
  const odd = parseWatchEvent(line("ERROR", null));
  assert.ok(odd.kind === "error" && odd.error.status === 500);
});

for (
  const [error, wanted] of [
    [new ApiError("x", 410), { relist: true, now: true, trouble: "expired" }],
    [new ApiError("x", 500, { reason: "Expired" }), { relist: true, now: true, trouble: "expired" }],
    [new ApiError("x", 404), { relist: true, now: false, trouble: "missing" }],
    [new ApiError("x", 403), { relist: false, now: false, trouble: "forbidden" }],
    [new ApiError("x", 401), { relist: false, now: false, trouble: "unauthorized" }],
    [new ApiError("x", 500), { relist: false, now: false, trouble: "refused" }],
    [new ConnectionError("x", "ECONNRESET"), { relist: false, now: false, trouble: "unreachable" }],
    [new ConfigError("x"), { relist: false, now: false, trouble: "config" }],
    [new GarbageError("x"), { relist: true, now: false, trouble: "garbage" }],
    [new TypeError("a fault of ours"), undefined],
  ] as const
) Deno.test(`recoverFrom(${error.name} ${error.message})`, () => assert.deepEqual(recoverFrom(error), wanted));

Deno.test("parseWatchEvent() reads or refuses 200,000 mutated lines", () => {
  const line = bytes(JSON.stringify({
    type: "MODIFIED",
    object: { kind: "Widget", metadata: { name: "a", uid: "u", resourceVersion: "12" }, spec: { a: [1, "é", null] } },
  }));
  let [state, refused] = [12345, 0];
  const random = (below: number) => {
    state = (Math.imul(state, 1103515245) + 12345) >>> 0;
    return (state >>> 8) % below;
  };
  const decoder = new TextDecoder();
  for (let run = 0; run < 200_000; run++) {
    const mutated = line.slice(0, random(8) === 0 ? random(line.length) : line.length);
    for (let edits = 1 + random(3); edits > 0 && mutated.length > 0; edits--) {
      mutated[random(mutated.length)] = random(2) === 0 ? random(256) : line[random(line.length)]!;
    }
    try {
      const event = parseWatchEvent(decoder.decode(mutated));
      if (event.kind === "put" || event.kind === "delete") assert.ok(event.object.metadata.name.length > 0);
      if (event.kind !== "error") assert.ok(event.resourceVersion.length > 0);
    } catch (error) {
      assert.ok(error instanceof GarbageError, String(error));
      refused++;
    }
  }
  assert.ok(refused > 100_000);
});

import assert from "node:assert/strict";
import fc from "fast-check";
import { mutations } from "../../tests/mutate.ts";
import { contentType, planFile } from "./file_response.ts";

const ETAG = '"abc"';
const FILE = { size: 1000, etag: ETAG, contentType: "application/octet-stream" };
const WHOLE = { start: 0, end: 1000 };

for (
  const [name, method, headers, status, body, length, range] of [
    ["GET sends it whole", "GET", {}, 200, WHOLE, "1000", undefined],
    ["HEAD says how long it is (9.3.2)", "HEAD", {}, 200, undefined, "1000", undefined],
    ["HEAD ignores Range (14.2)", "HEAD", { range: "bytes=0-9" }, 200, undefined, "1000", undefined],
    ["first bytes (14.1.2)", "GET", { range: "bytes=0-9" }, 206, { start: 0, end: 10 }, "10", "bytes 0-9/1000"],
    ["the rest", "GET", { range: "bytes=990-" }, 206, { start: 990, end: 1000 }, "10", "bytes 990-999/1000"],
    ["last bytes", "GET", { range: "bytes=-10" }, 206, { start: 990, end: 1000 }, "10", "bytes 990-999/1000"],
    ["more last bytes than there are", "GET", { range: "bytes=-5000" }, 206, WHOLE, "1000", "bytes 0-999/1000"],
    [
      "an end beyond the end",
      "GET",
      { range: "bytes=5-5000" },
      206,
      { start: 5, end: 1000 },
      "995",
      "bytes 5-999/1000",
    ],
    ["the last byte", "GET", { range: "bytes=999-999" }, 206, { start: 999, end: 1000 }, "1", "bytes 999-999/1000"],
    ["a start beyond the end (15.5.17)", "GET", { range: "bytes=1000-" }, 416, undefined, "0", "bytes */1000"],
    ["no last bytes", "GET", { range: "bytes=-0" }, 416, undefined, "0", "bytes */1000"],
    ["the wrong way round is no range", "GET", { range: "bytes=9-5" }, 200, WHOLE, "1000", undefined],
    ["several ranges: the whole (14.2)", "GET", { range: "bytes=0-1,4-5" }, 200, WHOLE, "1000", undefined],
    ["another unit (14.2)", "GET", { range: "lines=0-1" }, 200, WHOLE, "1000", undefined],
    ["no number", "GET", { range: "bytes=-" }, 200, WHOLE, "1000", undefined],
    [
      "If-Range that holds (13.1.5)",
      "GET",
      { range: "bytes=0-0", "if-range": ETAG },
      206,
      { start: 0, end: 1 },
      "1",
      "bytes 0-0/1000",
    ],
    ["If-Range of another version", "GET", { range: "bytes=0-0", "if-range": '"x"' }, 200, WHOLE, "1000", undefined],
    ["If-Range with a weak tag", "GET", { range: "bytes=0-0", "if-range": `W/${ETAG}` }, 200, WHOLE, "1000", undefined],
    [
      "If-Range with a date",
      "GET",
      { range: "bytes=0-0", "if-range": "Mon, 01 Jan 2024 00:00:00 GMT" },
      200,
      WHOLE,
      "1000",
      undefined,
    ],
    ["If-None-Match that holds (13.1.2)", "GET", { "if-none-match": ETAG }, 304, undefined, undefined, undefined],
    [
      "If-None-Match compares weakly",
      "GET",
      { "if-none-match": `"x", W/${ETAG}` },
      304,
      undefined,
      undefined,
      undefined,
    ],
    ["If-None-Match: *", "HEAD", { "if-none-match": "*" }, 304, undefined, undefined, undefined],
    [
      "If-None-Match goes before Range (13.2.2)",
      "GET",
      { "if-none-match": ETAG, range: "bytes=0-1" },
      304,
      undefined,
      undefined,
      undefined,
    ],
    ["If-None-Match of another version", "GET", { "if-none-match": '"x"' }, 200, WHOLE, "1000", undefined],
    ["If-Match that holds (13.1.1)", "GET", { "if-match": ETAG }, 200, WHOLE, "1000", undefined],
    ["If-Match of another version", "GET", { "if-match": '"x"' }, 412, undefined, "0", undefined],
    ["If-Match compares strongly", "GET", { "if-match": `W/${ETAG}` }, 412, undefined, "0", undefined],
  ] as const
) {
  Deno.test(`planFile(): ${name} (RFC 9110)`, () => {
    const plan = planFile(method, new Map<string, string>(Object.entries(headers)), FILE);
    assert.equal(plan.status, status);
    assert.deepEqual(plan.body, body);
    assert.equal(plan.fields["Content-Length"], length);
    assert.equal(plan.fields["Content-Range"], range);
    assert.equal(plan.fields.ETag, ETAG);
    assert.equal(plan.fields["Accept-Ranges"], "bytes");
  });
}

Deno.test("planFile() sends an empty file, of which no range can be had", () => {
  const empty = { ...FILE, size: 0 };
  assert.deepEqual(planFile("GET", new Map(), empty).body, { start: 0, end: 0 });
  assert.equal(planFile("GET", new Map([["range", "bytes=0-"]]), empty).status, 416);
});

Deno.test("planFile() never promises other bytes than it sends", () => {
  const bound = fc.oneof(fc.nat(12), fc.constant(""));
  fc.assert(fc.property(fc.nat(10), bound, bound, (size, first, last) => {
    const headers = new Map([["range", `bytes=${first}-${last}`]]);
    const { status, fields: sent, body } = planFile("GET", headers, { ...FILE, size });
    if (body === undefined) return assert.equal(status, 416);
    assert.ok(0 <= body.start && body.start <= body.end && body.end <= size);
    assert.equal(sent["Content-Length"], String(body.end - body.start));
    if (status === 206) assert.equal(sent["Content-Range"], `bytes ${body.start}-${body.end - 1}/${size}`);
    else assert.deepEqual(body, { start: 0, end: size });
  }));
});

Deno.test("200,000 mutated ranges and tags: a status of ours and a span within the file", () => {
  const texts = ["bytes=0-9", "bytes=-10", "bytes=5-", '"abc"', 'W/"abc", "x"'];
  const pieces = ["", "-", "9", "bytes=", ",", '"', " ", "99999999999999999999", "*", "W/", "\t"];
  const statuses = new Set<number>();
  let at = 0;
  const names = ["range", "if-range", "if-none-match", "if-match"];
  for (const value of mutations({ texts, pieces, count: 200_000, seed: 4 })) {
    const headers = new Map([["range", "bytes=1-2"], [names[at++ % 4]!, value]]);
    const { status, body } = planFile("GET", headers, FILE);
    statuses.add(status);
    if (body !== undefined) assert.ok(body.start >= 0 && body.start < body.end && body.end <= 1000, value);
  }
  assert.deepEqual([...statuses].sort(), [200, 206, 304, 412, 416]);
});

for (
  const [path, type] of [
    ["grub/grub.cfg", "text/plain; charset=utf-8"],
    ["cloud-init/user-data", "text/plain; charset=utf-8"],
    ["x/meta-data", "text/plain; charset=utf-8"],
    ["boot.JSON", "application/json"],
    ["shimx64.efi", "application/octet-stream"],
    ["vmlinuz", "application/octet-stream"],
  ] as const
) {
  Deno.test(`contentType(): ${path}`, () => assert.equal(contentType(path), type));
}

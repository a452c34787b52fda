import assert from "node:assert/strict";
import fc from "fast-check";
import { decodeRune, fromBytes, fromText, runeCount, toBytes, toText, toTextStrict } from "../../base/byte_text.ts";
import { formatFloat } from "./float.ts";
import { formatTime, readTime, showTime } from "./go_time.ts";
import { readNumber } from "./number.ts";
import { canBackquote, quote, unquote } from "../../base/go_quote.ts";
import { templateData } from "./machine_view.ts";
import { parseTemplate } from "./template.ts";

const bytes = fc.uint8Array({ maxLength: 200 });
const text = fc.string({ unit: "binary" });
const float = fc.double({ noNaN: true, noDefaultInfinity: true });

Deno.test("byte text keeps all bytes, and all text", () => {
  fc.assert(fc.property(bytes, (b) => assert.deepEqual(toBytes(fromBytes(b)), b)));
  fc.assert(fc.property(text, (t) => {
    assert.equal(toText(fromText(t)), t);
    assert.equal(toTextStrict(fromText(t)), t);
    assert.equal(runeCount(fromText(t)), [...t].length);
  }));
});

Deno.test("decodeRune() goes through any bytes as the platform's decoder does", () => {
  fc.assert(fc.property(bytes, (b) => {
    const source = fromBytes(b);
    const valid = toTextStrict(source) !== undefined;
    let out = "", errors = 0;
    for (let at = 0; at < source.length;) {
      const { rune, size } = decodeRune(source, at);
      if (rune === 0xfffd && size === 1) errors++;
      out += String.fromCodePoint(rune);
      at += size;
    }
    assert.equal(errors === 0, valid);
    if (valid) assert.equal(out, toText(source));
  }));
});

Deno.test("quote() is undone by unquote(), for any bytes and any text", () => {
  const sources = fc.oneof(bytes.map(fromBytes), text.map(fromText));
  fc.assert(
    fc.property(sources, fc.boolean(), (source, ascii) => {
      assert.equal(unquote(quote(source, ascii)), source);
      if (ascii) assert.match(quote(source, true), /^[ -~]*$/);
      if (canBackquote(source)) assert.equal(unquote(`\`${source}\``), source);
    }),
    { numRuns: 1000 },
  );
});

Deno.test("formatFloat() writes what reads back as the same value", () => {
  fc.assert(fc.property(float, (x) => {
    for (const format of ["e", "f", "g"] as const) assert.equal(Number(formatFloat(x, format, -1)), x);
    assert.equal(Number(formatFloat(x, "e", 16)), x);
    assert.equal(Number(formatFloat(x, "f", 1074)), x);
    assert.ok(Object.is(readNumber(formatFloat(x, "x", -1)).float, x));
  }));
});

Deno.test("formatFloat() agrees with the platform where halves do not decide", () => {
  fc.assert(fc.property(float, fc.integer({ min: 0, max: 20 }), (x, precision) => {
    const exact = formatFloat(Math.abs(x), "f", 1074);
    const half = new RegExp(`\\.\\d{${precision}}50*$`).test(exact);
    if (Math.abs(x) < 1e21 && !half) {
      assert.equal(formatFloat(Math.abs(x), "f", precision), Math.abs(x).toFixed(precision));
    }
  }));
});

Deno.test("readNumber() reads every integer that Go reads", () => {
  fc.assert(fc.property(fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n }), (n) => {
    const { int } = readNumber(n.toString());
    assert.equal(BigInt(int!), n);
    assert.equal(typeof int, Number.isSafeInteger(Number(n)) ? "number" : "bigint");
  }));
});

Deno.test("a template without actions renders to itself", () => {
  const dot = templateData({
    machine: { metadata: { name: "m" } },
    apiserverURL: "",
    serveURL: "",
    agentConfigJSON: () => "",
    kubernetesVersion: "",
    clusterDNS: "",
  });
  fc.assert(fc.property(bytes, (b) => {
    fc.pre(!fromBytes(b).includes("{{"));
    assert.deepEqual(parseTemplate(b).execute(dot), b);
  }));
});

for (
  const [name, layout, wanted] of [
    ["RFC 3339", "2006-01-02T15:04:05Z07:00", "2026-04-07T08:03:05Z"],
    ["RFC 1123", "Mon, 02 Jan 2006 15:04:05 MST", "Tue, 07 Apr 2026 08:03:05 UTC"],
    ["long names and a clock of 12 hours", "Monday January _2 3:04PM", "Tuesday April  7 8:03AM"],
    ["day of the year", "2006-002 __2", "2026-097  97"],
    ["fractions, kept and trimmed", "05.000 05.999999 .00", "05.120 05.12 .12"],
    ["offsets", "-0700 -07:00 Z0700", "+0000 +00:00 Z"],
    ["other text", "o'clock 15h", "o'clock 08h"],
  ] as const
) {
  Deno.test(`formatTime() ${name}`, () => {
    assert.equal(formatTime(readTime("2026-04-07T10:03:05.12+02:00"), layout), wanted);
  });
}

Deno.test("showTime() prints times as Go does, the year 1 included", () => {
  assert.equal(showTime(readTime(undefined)), "0001-01-01 00:00:00 +0000 UTC");
  assert.equal(showTime(readTime("2026-13-01T00:00:00Z")), "0001-01-01 00:00:00 +0000 UTC");
  assert.equal(showTime(readTime("2026-04-27T08:15:00.123456Z")), "2026-04-27 08:15:00.123456 +0000 UTC");
});

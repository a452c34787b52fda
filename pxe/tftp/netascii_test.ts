import assert from "node:assert/strict";
import fc from "fast-check";
import { NetasciiEncoder, netasciiLength, toNetascii } from "./netascii.ts";

const bytes = (text: string) => new TextEncoder().encode(text);

Deno.test("toNetascii(): LF becomes CR LF, CR becomes CR NUL (RFC 764, RFC 1350 1)", () => {
  for (
    const [plain, wanted] of [
      ["", ""],
      ["a\nb\n", "a\r\nb\r\n"],
      ["a\rb", "a\r\0b"],
      ["\r\n", "\r\0\r\n"],
      ["\n\n\r\r", "\r\n\r\n\r\0\r\0"],
    ] as const
  ) assert.deepEqual(toNetascii(bytes(plain)), bytes(wanted));
});

Deno.test("NetasciiEncoder gives the same bytes for any cut of input and output", () => {
  const input = fc.uint8Array({ maxLength: 60 }).map((b) => b.map((byte) => byte % 16));
  fc.assert(
    fc.property(input, fc.integer({ min: 1, max: 9 }), fc.integer({ min: 1, max: 9 }), (plain, cutIn, cutOut) => {
      const encoder = new NetasciiEncoder();
      const out: number[] = [];
      for (let at = 0; at < plain.length; at += cutIn) {
        let rest = plain.subarray(at, at + cutIn);
        for (let written = cutOut; written === cutOut;) {
          const target = new Uint8Array(cutOut);
          const step = encoder.encodeInto(rest, target);
          written = step.written;
          rest = rest.subarray(step.read);
          out.push(...target.subarray(0, written));
        }
        assert.equal(rest.length, 0);
      }
      const wanted = [...plain].flatMap((byte) => byte === 10 ? [13, 10] : byte === 13 ? [13, 0] : [byte]);
      assert.deepEqual(out, wanted);
      assert.equal(netasciiLength(plain), wanted.length);
    }),
  );
});

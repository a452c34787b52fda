import assert from "node:assert/strict";
import fc from "fast-check";
import {
  encodedLength,
  MalformedPacketError,
  OPTION,
  type RawOptions,
  readOptionField,
  relaySubOptions,
  textOption,
  u16Option,
  u32Option,
  u8Option,
  writeEnd,
  writeOption,
} from "./options.ts";

const malformed = (message: RegExp) => (error: unknown) =>
  error instanceof MalformedPacketError && message.test(error.message);

function read(...bytes: number[]): RawOptions {
  const options: RawOptions = new Map();
  readOptionField(Uint8Array.from(bytes), options);
  return options;
}

const FIELDS: readonly [string, number[], [number, number[]][]][] = [
  ["nothing", [], []],
  ["an end only", [255], []],
  ["pads of one byte each (RFC 2132 section 3.1)", [0, 0, 53, 1, 1, 0, 255], [[53, [1]]]],
  ["nothing behind the end", [53, 1, 1, 255, 54, 4, 1, 2, 3, 4], [[53, [1]]]],
  ["a field without an end", [53, 1, 1], [[53, [1]]]],
  ["an empty option", [80, 0, 255], [[80, []]]],
  ["parts of one option, joined in order (RFC 3396 section 7)", [67, 1, 1, 53, 1, 1, 67, 2, 2, 3, 255], [
    [67, [1, 2, 3]],
    [53, [1]],
  ]],
];
for (const [name, bytes, wanted] of FIELDS) {
  Deno.test(`readOptionField() reads ${name}`, () => {
    assert.deepEqual([...read(...bytes)].map(([code, data]) => [code, [...data]]), wanted);
  });
}

for (const bytes of [[53], [53, 2, 1], [0, 53, 255, 1], [53, 1, 1, 54, 4, 1, 2, 3]]) {
  Deno.test(`readOptionField() refuses an option that runs past its field: ${bytes}`, () => {
    assert.throws(() => read(...bytes), malformed(/option 5[34] runs past the end/));
  });
}

Deno.test("typed readers tell absent from malformed", () => {
  const options = read(53, 2, 1, 1, 57, 1, 5, 54, 3, 1, 2, 3, 255);
  assert.equal(u8Option(options, 1), undefined);
  assert.equal(u16Option(options, 2), undefined);
  assert.equal(u32Option(options, 3), undefined);
  assert.throws(() => u8Option(options, 53), malformed(/option 53 has 2 bytes, not 1/));
  assert.throws(() => u16Option(options, 57), malformed(/option 57 has 1 bytes, not 2/));
  assert.throws(() => u32Option(options, 54), malformed(/option 54 has 3 bytes, not 4/));
});

Deno.test("typed readers read network byte order", () => {
  const options = read(57, 2, 0xff, 0x01, 54, 4, 192, 0, 2, 1, 60, 4, 97, 98, 0, 0, 255);
  assert.equal(u16Option(options, 57), 0xff01);
  assert.equal(u32Option(options, 54), 0xc0000201);
  assert.equal(textOption(options, 60), "ab");
});

Deno.test("relaySubOptions() reads sub-options, in which 0 and 255 are codes like others (RFC 3046 section 2.0)", () => {
  const options = read(82, 8, 0, 1, 7, 255, 0, 5, 1, 9, 255);
  assert.deepEqual([...relaySubOptions(options)].map(([code, data]) => [code, [...data]]), [
    [0, [7]],
    [255, []],
    [5, [9]],
  ]);
  assert.equal(relaySubOptions(read(53, 1, 1)).size, 0);
  assert.throws(() => relaySubOptions(read(82, 3, 5, 4, 1)), malformed(/sub-option 5 runs past/));
  assert.throws(() => relaySubOptions(read(82, 1, 5)), malformed(/sub-option 5 runs past/));
});

Deno.test("property: what writeOption() writes is read again, long options too (RFC 3396)", () => {
  const options = fc.uniqueArray(
    fc.tuple(fc.integer({ min: 1, max: 254 }), fc.uint8Array({ maxLength: 800, size: "max" })),
    {
      selector: ([code]) => code,
      maxLength: 6,
    },
  );
  fc.assert(
    fc.property(options, (list) => {
      const length = list.reduce((sum, [, data]) => sum + encodedLength(data.length), 1);
      const out = new Uint8Array(length);
      let at = 0;
      for (const [code, data] of list) at = writeOption(out, at, code, data);
      assert.equal(writeEnd(out, at), length);
      const again: RawOptions = new Map();
      readOptionField(out, again);
      assert.deepEqual(
        [...again].map(([code, data]) => [code, [...data]]),
        list.map(([code, data]) => [code, [...data]]),
      );
    }),
    { numRuns: 300 },
  );
});

Deno.test("option codes are those of their RFCs", () => {
  assert.deepEqual([OPTION.clientArchitecture, OPTION.clientUuid, OPTION.relayAgent, OPTION.overload], [
    93,
    97,
    82,
    52,
  ]);
});

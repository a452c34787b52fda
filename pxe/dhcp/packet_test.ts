import assert from "node:assert/strict";
import fc from "fast-check";
import { MalformedPacketError, OPTION } from "./options.ts";
import { type DhcpMessage, encodePacket, parsePacket, REPLY_BUFFER_SIZE } from "./packet.ts";
import { MESSAGE_TYPE } from "./reply.ts";
import { bytesOf, clientMessage, relayAgent } from "./testdata/client.ts";

const DISCOVER = clientMessage(MESSAGE_TYPE.discover);
const plain = (message: DhcpMessage) => ({
  ...message,
  chaddr: [...message.chaddr],
  sname: [...message.sname],
  file: [...message.file],
  options: [...message.options].map(([code, data]) => [code, [...data]]),
});

Deno.test("encodePacket() pads to 300 bytes (RFC 951 section 3)", () => {
  assert.equal(bytesOf(DISCOVER).length, 300);
});

Deno.test("encodePacket() leaves nothing of an earlier message in the buffer", () => {
  const buffer = new Uint8Array(REPLY_BUFFER_SIZE).fill(0xee);
  assert.deepEqual(encodePacket(DISCOVER, 1500, buffer), bytesOf(DISCOVER));
});

for (
  const [name, change, wanted] of [
    ["239 bytes", (b: Uint8Array) => b.subarray(0, 239), /239 bytes are too short/],
    ["nothing", (b: Uint8Array) => b.subarray(0, 0), /0 bytes are too short/],
    ["4,097 bytes", (b: Uint8Array) => Uint8Array.of(...b, ...new Uint8Array(3797)), /4097 bytes are too long/],
    ["another cookie", (b: Uint8Array) => b.with(236, 0), /no magic cookie/],
    ["an overload of two bytes", (b: Uint8Array) => {
      b.set([52, 2, 1, 1], 240);
      return b;
    }, /option 52 has 2 bytes/],
  ] as const
) {
  Deno.test(`parsePacket() refuses ${name}`, () => {
    assert.throws(
      () => parsePacket(change(bytesOf(DISCOVER)) as Uint8Array),
      (error) => error instanceof MalformedPacketError && wanted.test(error.message),
    );
  });
}

Deno.test("parsePacket() reads overloaded fields in the order options, file, sname (RFC 3396 section 5)", () => {
  const bytes = bytesOf(DISCOVER);
  bytes.set([52, 1, 3, 67, 1, 1, 255], 240);
  bytes.set([67, 1, 2, 255, 99], 108);
  bytes.set([67, 1, 3, 12, 1, 9, 255, 99], 44);
  const { options } = parsePacket(bytes);
  assert.deepEqual([...options.get(67)!], [1, 2, 3]);
  assert.deepEqual([...options.get(12)!], [9]);
});

Deno.test("parsePacket() reads no options from fields that option 52 does not name (RFC 2132 section 9.3)", () => {
  const bytes = bytesOf(DISCOVER);
  bytes.set([52, 1, 2, 255], 240);
  bytes.set([67, 1, 2, 255], 108);
  bytes.set([12, 1, 9, 255], 44);
  assert.deepEqual([...parsePacket(bytes).options.keys()], [52, 12]);
});

const u32 = fc.nat({ max: 0xffffffff });
const optionMap = fc.uniqueArray(
  fc.tuple(fc.integer({ min: 1, max: 254 }), fc.uint8Array({ maxLength: 300, size: "max" })),
  {
    selector: ([code]) => code,
    maxLength: 12,
    size: "max",
  },
);
const messages = fc.record({
  op: fc.nat({ max: 255 }),
  htype: fc.nat({ max: 255 }),
  hlen: fc.nat({ max: 255 }),
  hops: fc.nat({ max: 255 }),
  xid: u32,
  secs: fc.nat({ max: 0xffff }),
  flags: fc.nat({ max: 0xffff }),
  ciaddr: u32,
  yiaddr: u32,
  siaddr: u32,
  giaddr: u32,
  chaddr: fc.uint8Array({ minLength: 16, maxLength: 16 }),
  sname: fc.uint8Array({ minLength: 64, maxLength: 64 }),
  file: fc.uint8Array({ minLength: 128, maxLength: 128 }),
  options: optionMap.map((list) => new Map(list.filter(([code]) => code !== OPTION.overload && code !== 82))),
});

Deno.test("property: a message that fits is read as it was written", () => {
  fc.assert(
    fc.property(messages, (message) => {
      const size = [...message.options.values()].reduce((sum, data) => sum + data.length + 4, 241);
      fc.pre(size <= 1472);
      assert.deepEqual(plain(parsePacket(bytesOf(message))), plain(message));
    }),
    { numRuns: 300 },
  );
});

Deno.test("property: no message is larger than option 57 allows, 82 is last, and what is there is whole", () => {
  const circuit = fc.option(fc.uint8Array({ maxLength: 150, size: "max" }), { nil: undefined });
  fc.assert(
    fc.property(messages, circuit, fc.nat({ max: 65535 }), (message, circuitId, maxDatagram) => {
      const options = new Map<number, Uint8Array>(message.options);
      if (circuitId !== undefined) options.set(OPTION.relayAgent, relayAgent({ 1: circuitId }));
      const bytes = encodePacket({ ...message, options }, maxDatagram, new Uint8Array(REPLY_BUFFER_SIZE));
      assert.ok(bytes.length >= 300);
      assert.ok(bytes.length <= Math.min(1500, Math.max(576, maxDatagram)) - 28, `${bytes.length} > ${maxDatagram}`);
      const again = parsePacket(bytes).options;
      for (const [code, data] of again) {
        if (code !== OPTION.overload) assert.deepEqual([...data], [...options.get(code)!], `option ${code}`);
      }
      if (again.has(OPTION.relayAgent)) assert.equal(lastCode(bytes), OPTION.relayAgent);
    }),
    { numRuns: 1000 },
  );
});

/** The code of the last option before the end mark of the options field. */
function lastCode(bytes: Uint8Array): number {
  let last = 0;
  for (let at = 240; bytes[at] !== 255; at += 2 + bytes[at + 1]!) last = bytes[at]!;
  return last;
}

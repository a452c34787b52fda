import assert from "node:assert/strict";
import fc from "fast-check";
import { decodeReply, decodeRequest, encodeError, encodeOack, type Option, putDataHeader } from "./packet.ts";

const ascii = (text: string) => new TextEncoder().encode(text);
/** OVMF's request for the boot file, as captured (options asked: tsize, blksize, windowsize). */
const OVMF = ascii("\0\x01shimx64.efi\0octet\0tsize\x000\0blksize\x001468\0windowsize\x004\0");
const names = (options: readonly Option[]) => options.map(({ name, value }) => `${name}=${value}`);

Deno.test("decodeRequest() reads OVMF's RRQ with its options in order (RFC 2347)", () => {
  const request = decodeRequest(OVMF);
  assert.ok(request.kind === "read");
  assert.equal(request.path, "shimx64.efi");
  assert.equal(request.mode, "octet");
  assert.deepEqual(names(request.options), ["tsize=0", "blksize=1468", "windowsize=4"]);
});

const CASES: [name: string, packet: string, wanted: string][] = [
  ["RRQ without options (RFC 1350 5)", "\0\x01/a/b\0octet\0", "read /a/b octet"],
  ["mode in any case (RFC 1350 5)", "\0\x01a\0NetASCII\0", "read a netascii"],
  ["mail mode is refused (RFC 1350 5)", "\0\x01a\0mail\0", "refuse 4 mode mail is not supported"],
  ["unknown mode is refused", "\0\x01a\0binary\0", "refuse 4 mode binary is not supported"],
  ["WRQ is refused: read only (contract 6)", "\0\x02a\0octet\0", "refuse 2 this server is read only"],
  ["RRQ cut in its name", "\0\x01abc", "refuse 4 file name or mode does not end"],
  ["RRQ cut in its mode", "\0\x01abc\0oct", "refuse 4 file name or mode does not end"],
  ["RRQ that is its opcode only", "\0\x01", "refuse 4 file name or mode does not end"],
  ["last option cut in its value: dropped", "\0\x01a\0octet\0tsize\x000\0blksize\x0014", "read a octet tsize=0"],
  ["option without a value: dropped", "\0\x01a\0octet\0tsize\0", "read a octet"],
  ["zero bytes after the options", "\0\x01a\0octet\0tsize\x000\0\0\0\0\0", "read a octet tsize=0"],
  ["512 bytes are allowed (RFC 2347)", "\0\x01" + "a".repeat(503) + "\0octet\0", `read ${"a".repeat(503)} octet`],
  ["513 are not (RFC 2347)", "\0\x01" + "a".repeat(504) + "\0octet\0", "refuse 4 request longer than 512 bytes"],
  ["ACK to the well-known port", "\0\x04\0\0", "ignore opcode 4 is no request"],
  ["ERROR is never answered", "\0\x05\0\0x\0", "ignore opcode 5 is no request"],
  ["opcode 256", "\x01\0a\0octet\0", "ignore opcode 256 is no request"],
  ["one byte", "\0", "ignore 1 bytes are no TFTP packet"],
  ["nothing", "", "ignore 0 bytes are no TFTP packet"],
];
for (const [name, packet, wanted] of CASES) {
  Deno.test(`decodeRequest(): ${name}`, () => {
    const request = decodeRequest(Uint8Array.from(packet, (c) => c.charCodeAt(0)));
    const text = request.kind === "read"
      ? [request.kind, request.path, request.mode, ...names(request.options)]
      : request.kind === "refuse"
      ? [request.kind, request.code, request.text]
      : [request.kind, request.reason];
    assert.equal(text.join(" "), wanted);
  });
}

Deno.test("decodeReply() reads ACK and ERROR, and calls the rest other (RFC 1350 5)", () => {
  assert.deepEqual(decodeReply(Uint8Array.of(0, 4, 0xff, 0xfe)), { kind: "ack", block: 65534 });
  assert.deepEqual(decodeReply(ascii("\0\x05\0\x08User aborted\0")), { kind: "error", code: 8, text: "User aborted" });
  assert.deepEqual(decodeReply(ascii("\0\x05\0\x00cut")), { kind: "error", code: 0, text: "cut" });
  for (const other of [[], [0, 4, 0], [1, 4, 0, 1], [0, 3, 0, 1], [0, 6, 0, 1]]) {
    assert.deepEqual(decodeReply(Uint8Array.from(other)), { kind: "other" });
  }
});

Deno.test("encodeError() ends its text, drops zero bytes in it and cuts it", () => {
  assert.deepEqual(encodeError(1, "no\0pe"), ascii("\0\x05\0\x01nope\0"));
  assert.equal(encodeError(0, "x".repeat(5000)).length, 4 + 128 + 1);
});

Deno.test("encodeOack() lists names and values (RFC 2347)", () => {
  const oack = encodeOack([{ name: "BLKSIZE", value: "1468" }, { name: "tsize", value: "7" }]);
  assert.deepEqual(oack, ascii("\0\x06BLKSIZE\x001468\0tsize\x007\0"));
});

Deno.test("putDataHeader() rolls block 65,536 over to 0", () => {
  const packet = new Uint8Array(4);
  for (const [block, wanted] of [[1, 1], [65535, 65535], [65536, 0], [65537, 1], [131072, 0]] as const) {
    putDataHeader(packet, block);
    assert.deepEqual(decodeReply(Uint8Array.of(0, 4, packet[2]!, packet[3]!)), { kind: "ack", block: wanted });
    assert.deepEqual([...packet.subarray(0, 2)], [0, 3]);
  }
});

Deno.test("250,000 mutated packets: no exception, and a request that is read was ended by its sender", () => {
  const seeds = [
    OVMF,
    ascii("\0\x01a\0netascii\0timeout\x003\0"),
    ascii("\0\x05\0\x04text\0"),
    Uint8Array.of(0, 4, 0, 9),
  ];
  let state = 0x2545f491;
  const random = (below: number) => {
    state ^= state << 13;
    state ^= state >>> 17;
    state ^= state << 5;
    return (state >>> 0) % below;
  };
  let read = 0;
  for (let i = 0; i < 250_000; i++) {
    const packet = Uint8Array.from(seeds[random(seeds.length)]!);
    for (let n = random(6); n > 0; n--) packet[random(packet.length)] = random(3) === 0 ? 0 : random(256);
    const cut = packet.subarray(0, packet.length - random(2) * random(packet.length));
    const request = decodeRequest(cut);
    if (request.kind === "read") {
      read++;
      assert.ok(request.options.length <= cut.length / 2);
    } else if (request.kind === "refuse") assert.ok(encodeError(request.code, request.text).length < 200);
    decodeReply(cut);
  }
  assert.ok(read > 20_000, `only ${read} were read: the mutations are too coarse`);
});

Deno.test("decodeRequest() gives back any options an encoder wrote", () => {
  const text = fc.stringMatching(/^[ -~]{1,12}$/);
  const option = fc.record({ name: text, value: text }, { noNullPrototype: true });
  fc.assert(fc.property(text, fc.array(option, { maxLength: 8 }), (path, options) => {
    const parts = [path, "octet", ...options.flatMap(({ name, value }) => [name, value])];
    const request = decodeRequest(ascii("\0\x01" + parts.map((part) => part + "\0").join("")));
    assert.deepEqual(request, { kind: "read", path, mode: "octet", options });
  }));
});

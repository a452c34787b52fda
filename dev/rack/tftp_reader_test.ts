import { deepEqual, equal } from "node:assert/strict";
import fc from "fast-check";
import { readRequest, type ReadStep, type ReadWish, TftpReader } from "./tftp_reader.ts";

const text = (bytes: Uint8Array | undefined) => String.fromCharCode(...bytes ?? []);
const bytes = (packet: string) => Uint8Array.from(packet, (c) => c.charCodeAt(0));

for (
  const [name, wish, wanted] of [
    [
      "OVMF asks for the size",
      { path: "shimx64.efi", blockSize: 1468, window: 4, sizeOnly: true },
      "\0\x01shimx64.efi\0octet\0tsize\x000\0blksize\x001468\0windowsize\x004\0",
    ],
    [
      "OVMF loads",
      { path: "shimx64.efi", blockSize: 1468, window: 4 },
      "\0\x01shimx64.efi\0octet\0blksize\x001468\0windowsize\x004\0",
    ],
    [
      "GRUB loads",
      { path: "/grub/grub.cfg", blockSize: 1024, askSize: true },
      "\0\x01/grub/grub.cfg\0octet\0blksize\x001024\0tsize\x000\0",
    ],
  ] as const
) {
  Deno.test(`readRequest(): ${name} (facts: TFTP requests)`, () => equal(text(readRequest(wish)), wanted));
}

const SMALL: ReadWish = { path: "a", blockSize: 8, window: 2, askSize: true };
type Line = [packet: string, step: string];
/** A step in one word: kind, data, what is sent. */
function word(step: ReadStep): string {
  const data = step.kind === "data" ? `${text(step.data)}${step.last ? "." : ""}` : step.kind;
  return "send" in step && step.send !== undefined ? `${data} > ${text(step.send)}` : data;
}

const TALKS: readonly [name: string, wish: ReadWish, talk: readonly Line[]][] = [
  ["a window is acknowledged once, at its end and at the end of the file (RFC 7440)", SMALL, [
    ["\0\x06blksize\x008\0windowsize\x002\0tsize\x0020\0", "answer > \0\x04\0\0"],
    ["\0\x03\0\x01aaaaaaaa", "aaaaaaaa"],
    ["\0\x03\0\x02bbbbbbbb", "bbbbbbbb > \0\x04\0\x02"],
    ["\0\x03\0\x03cccc", "cccc. > \0\x04\0\x03"],
  ]],
  ["without windowsize in the OACK it is lock-step", SMALL, [
    ["\0\x06blksize\x008\0", "answer > \0\x04\0\0"],
    ["\0\x03\0\x01aaaaaaaa", "aaaaaaaa > \0\x04\0\x01"],
    ["\0\x03\0\x02", ". > \0\x04\0\x02"],
  ]],
  ["a server without options sends blocks of 512 (RFC 2347)", SMALL, [
    ["\0\x03\0\x01short", "short. > \0\x04\0\x01"],
  ]],
  ["what is out of order is answered by where the client is, each time (EDK2)", SMALL, [
    ["\0\x06blksize\x008\0windowsize\x002\0", "answer > \0\x04\0\0"],
    ["\0\x03\0\x02bbbbbbbb", "answer > \0\x04\0\0"],
    ["\0\x03\0\x01aaaaaaaa", "aaaaaaaa"],
    ["\0\x03\0\x01aaaaaaaa", "answer > \0\x04\0\x01"],
    ["\0\x06blksize\x008\0", "answer > \0\x04\0\x01"],
  ]],
  ["the size query ends with error 8", { ...SMALL, sizeOnly: true }, [
    ["\0\x06tsize\x0020\0blksize\x008\0", "size > \0\x05\0\x08User aborted the transfer\0"],
  ]],
  ["an OACK without tsize is PXE-E53", { ...SMALL, sizeOnly: true }, [
    ["\0\x06blksize\x008\0", "failed > \0\x05\0\x08PXE-E53: the server does not tell the file's size (tsize)\0"],
  ]],
  ["no OACK at all is PXE-E99", { ...SMALL, sizeOnly: true }, [
    ["\0\x03\0\x01short", "failed > \0\x05\0\x08PXE-E99: the server does not answer options (no OACK)\0"],
  ]],
  ["an option that was not asked, or is larger, is refused (RFC 2347)", SMALL, [
    ["\0\x06blksize\x009\0", "failed > \0\x05\0\x08the server answers blksize=9, which was not asked\0"],
  ]],
  ["a block longer than agreed is refused", SMALL, [
    ["\0\x06blksize\x008\0", "answer > \0\x04\0\0"],
    ["\0\x03\0\x01123456789", "failed > \0\x05\0\x08a block of 9 bytes, 8 agreed\0"],
  ]],
  ["an error ends it, and is not answered", SMALL, [["\0\x05\0\x01no such file\0", "failed"]]],
  ["noise is nothing", SMALL, [["", "nothing"], ["\0\x04\0\x01", "nothing"], ["\x01\x03\0\x01a", "nothing"]]],
];
for (const [name, wish, talk] of TALKS) {
  Deno.test(`TftpReader: ${name}`, () => {
    const reader = new TftpReader(wish);
    deepEqual(talk.map(([packet]) => word(reader.take(bytes(packet)))), talk.map(([, step]) => step));
  });
}

Deno.test("TftpReader: block numbers go on with 0 after 65,535, as an 80 MB initrd needs them", () => {
  const reader = new TftpReader({ path: "a", blockSize: 8 });
  reader.take(bytes("\0\x06blksize\x008\0"));
  const packet = bytes("\0\x03\0\0aaaaaaaa");
  for (let block = 1; block <= 65_540; block++) {
    packet[2] = block >> 8;
    packet[3] = block;
    equal(reader.take(packet).kind, "data");
  }
  equal(reader.bytes, 65_540 * 8);
  deepEqual(reader.lastSent, Uint8Array.of(0, 4, 0, 4));
});

Deno.test("TftpReader: no packet makes it throw, and bytes count only in order", () => {
  fc.assert(fc.property(fc.array(fc.uint8Array({ maxLength: 40 }), { maxLength: 30 }), (packets) => {
    const reader = new TftpReader(SMALL);
    let taken = 0;
    for (const packet of packets) {
      const step = reader.take(packet.map((byte, i) => i === 0 ? 0 : i === 1 ? byte % 7 : byte));
      if (step.kind === "data") taken += step.data.length;
    }
    equal(reader.bytes, taken);
  }));
});

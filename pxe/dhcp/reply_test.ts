import assert from "node:assert/strict";
import fc from "fast-check";
import { encodePacket, parsePacket, REPLY_BUFFER_SIZE } from "./packet.ts";
import { OPTION, textData, textOption, u32Data, u32Option } from "./options.ts";
import { type Grant, grantReply, MESSAGE_TYPE, nakReply } from "./reply.ts";
import { type ClientFields, clientMessage, HIT, LEASED, RELAY, relayAgent, SERVER } from "./testdata/client.ts";

const GRANT: Grant = {
  type: MESSAGE_TYPE.offer,
  lease: HIT.lease,
  boot: { kind: "file", name: "shimx64.efi" },
  serverIp: SERVER,
  serverId: SERVER,
  leasing: true,
  http: false,
};
const discover = (fields: ClientFields = {}) => clientMessage(MESSAGE_TYPE.discover, fields);
const offer = (fields: ClientFields = {}, grant: Partial<Grant> = {}) =>
  grantReply(discover(fields), { ...GRANT, ...grant });
const asking = (...codes: number[]) => ({ options: { [OPTION.parameterList]: Uint8Array.from(codes) } });
const codes = (message: { options: ReadonlyMap<number, unknown> }) => [...message.options.keys()];
const ID = Uint8Array.of(1, 2, 3);
const UUID = new Uint8Array(17).fill(5);
const CIRCUIT = relayAgent({ 1: Uint8Array.of(7) });

Deno.test("grantReply() gives what contract section 5 lists", () => {
  const { options, ...header } = offer();
  const data = Object.fromEntries([...options].map(([code, bytes]) => [code, [...bytes]]));
  assert.deepEqual(data, {
    53: [2],
    54: [192, 0, 2, 1],
    51: [0, 1, 0x51, 0x80],
    1: [255, 255, 255, 0],
    3: [192, 0, 2, 254],
    6: [192, 0, 2, 53, 192, 0, 2, 54],
    66: [...textData("192.0.2.1")],
    67: [...textData("shimx64.efi")],
  });
  assert.equal(header.op, 2);
  assert.equal(header.xid, 0x12345678);
  assert.equal(header.yiaddr, LEASED);
  assert.equal(header.siaddr, SERVER);
  assert.deepEqual(header.file, textData("shimx64.efi"));
  assert.deepEqual(header.sname, textData("192.0.2.1"));
});

Deno.test("grantReply() copies what RFC 2131 table 3 says, and nothing else", () => {
  const reply = offer({ flags: 0x8000, giaddr: RELAY, ciaddr: LEASED });
  assert.deepEqual([reply.flags, reply.giaddr, reply.ciaddr, reply.secs, reply.hops], [0x8000, RELAY, 0, 0, 0]);
  assert.deepEqual(reply.chaddr, discover().chaddr);
  assert.equal(offer({ ciaddr: LEASED }, { type: MESSAGE_TYPE.ack }).ciaddr, LEASED);
});

const ORDERS: readonly [string, ClientFields, number[]][] = [
  ["no list: mask before router (RFC 2132 section 3.3)", {}, [53, 54, 51, 1, 3, 6, 66, 67]],
  ["option 55's order (RFC 2132 section 9.8)", asking(67, 6, 3, 1, 51), [53, 67, 6, 3, 1, 51, 54, 66]],
  ["58 and 59 only when asked for", asking(59, 58, 1), [53, 59, 58, 1, 54, 51, 3, 6, 66, 67]],
  ["nothing for what is not ours", asking(2, 15, 42, 43, 119), [53, 54, 51, 1, 3, 6, 66, 67]],
  ["each once, however often it is asked for", asking(1, 1, 1), [53, 1, 54, 51, 3, 6, 66, 67]],
];
for (const [name, fields, wanted] of ORDERS) {
  Deno.test(`grantReply() orders options: ${name}`, () => assert.deepEqual(codes(offer(fields)), wanted));
}

Deno.test("grantReply() leaves out router and DNS of a lease that has none", () => {
  const lease = { mac: HIT.lease.mac, ipv4: LEASED, subnetMask: 0xffffff00, dns: [] };
  assert.deepEqual(codes(offer({}, { lease })), [53, 54, 51, 1, 66, 67]);
});

Deno.test("grantReply() echoes 61 (RFC 6842), 97 (RFC 4578) and 82, which is last (RFC 3046)", () => {
  const echoed = { [OPTION.relayAgent]: CIRCUIT, [OPTION.clientUuid]: UUID, [OPTION.clientId]: ID };
  const { options } = offer({ options: echoed });
  assert.deepEqual(options.get(OPTION.clientId), ID);
  assert.deepEqual(options.get(OPTION.clientUuid), UUID);
  assert.deepEqual(options.get(OPTION.relayAgent), CIRCUIT);
  assert.equal([...options.keys()].at(-1), OPTION.relayAgent);
});

Deno.test("grantReply() never says PXEClient: OVMF would want PXE discovery from it", () => {
  const request = { options: { [OPTION.vendorClass]: textData("PXEClient:Arch:00007"), ...asking(60, 43).options } };
  const { options } = offer(request);
  assert.ok(!options.has(OPTION.vendorClass));
  assert.ok(!options.has(43));
});

Deno.test("grantReply() says HTTPClient to UEFI HTTP boot, and gives it the URL in option 67", () => {
  const boot = { kind: "file", name: "http://192.0.2.1:8880/x.efi" } as const;
  const { options } = offer({}, { http: true, boot });
  assert.equal(textOption(options, OPTION.vendorClass), "HTTPClient");
  assert.equal(textOption(options, OPTION.bootFileName), boot.name);
});

Deno.test("grantReply() to INFORM gives no lease time and no address (RFC 2131 section 4.3.5)", () => {
  const reply = offer(asking(51, 58, 59, 1), { type: MESSAGE_TYPE.ack, leasing: false });
  assert.deepEqual(codes(reply), [53, 1, 54, 3, 6, 66, 67]);
  assert.equal(reply.yiaddr, 0);
});

Deno.test("grantReply() without a boot file still leases, and still names the server", () => {
  const reply = offer({}, { boot: { kind: "none", reason: "no image" } });
  assert.deepEqual(codes(reply), [53, 54, 51, 1, 3, 6, 66]);
  assert.equal(reply.file.length, 0);
});

Deno.test("grantReply() names a boot file of more than 127 bytes in option 67 alone, one of more than 255 as RFC 3396 says", () => {
  for (const length of [127, 128, 300]) {
    const name = "a".repeat(length);
    const reply = offer({}, { boot: { kind: "file", name } });
    assert.equal(reply.file.length, length === 127 ? 127 : 0);
    const again = parsePacket(encodePacket(reply, 1500, new Uint8Array(REPLY_BUFFER_SIZE)));
    assert.equal(textOption(again.options, OPTION.bootFileName), name);
  }
});

Deno.test("nakReply() holds what RFC 2131 table 3 allows: 53, 54, 56, 61 (RFC 6842) and 82", () => {
  const echoed = { [OPTION.relayAgent]: CIRCUIT, [OPTION.clientUuid]: UUID, [OPTION.clientId]: ID };
  const nak = nakReply(discover({ options: echoed, ciaddr: LEASED }), SERVER, "no");
  assert.deepEqual(codes(nak), [53, 54, 56, 61, 82]);
  assert.deepEqual([nak.yiaddr, nak.siaddr, nak.ciaddr, nak.file.length], [0, 0, 0, 0]);
});

Deno.test("property: whatever a client sends along, address, mask, lease time and server reach it", () => {
  const clientOptions = fc.record({
    55: fc.uint8Array({ maxLength: 255, size: "max" }),
    61: fc.uint8Array({ maxLength: 600, size: "max" }),
    97: fc.uint8Array({ maxLength: 255, size: "max" }),
    82: fc.uint8Array({ maxLength: 255, size: "max" }),
  }, { requiredKeys: [] });
  const name = fc.string({ minLength: 1, maxLength: 500, size: "max" });
  fc.assert(
    fc.property(clientOptions, name, fc.nat({ max: 65535 }), (options, file, maxDatagram) => {
      const reply = offer({ options: options as Record<number, Uint8Array> }, { boot: { kind: "file", name: file } });
      const bytes = encodePacket(reply, maxDatagram, new Uint8Array(REPLY_BUFFER_SIZE));
      assert.ok(bytes.length <= Math.min(1500, Math.max(576, maxDatagram)) - 28);
      const again = parsePacket(bytes);
      assert.equal(again.yiaddr, LEASED);
      assert.equal(u32Option(again.options, OPTION.subnetMask), HIT.lease.subnetMask);
      assert.equal(u32Option(again.options, OPTION.leaseTime), 86_400);
      assert.deepEqual(again.options.get(OPTION.serverId), u32Data(SERVER));
    }),
    { numRuns: 500 },
  );
});

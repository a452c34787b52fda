import { deepEqual, equal, match, throws } from "node:assert/strict";
import { parseIpv4 } from "../../base/address.ts";
import { MalformedPacketError, OPTION, textData, u32Data, u8Data } from "../../pxe/dhcp/options.ts";
import { type DhcpMessage, OP, parsePacket } from "../../pxe/dhcp/packet.ts";
import { type Asker, judge, type Judgement, type Lease, question, TYPE } from "./dhcp_client.ts";

const IDENTITY = { mac: "52:54:00:aa:bb:01", uuid: "6d6d0001-0000-4000-8000-525400aabb01" };
const XID = 0x6d6d0001;
const LEASE: Lease = {
  address: parseIpv4("192.0.2.50"),
  serverId: parseIpv4("192.0.2.1"),
  nextServer: parseIpv4("192.0.2.1"),
  bootServer: parseIpv4("192.0.2.1"),
  bootFile: "shimx64.efi",
  fileField: "",
};

async function golden(name: string): Promise<string> {
  const text = await Deno.readTextFile(new URL(`../../tests/golden/dhcp/${name}.hex`, import.meta.url));
  return text.replaceAll(/\s/g, "");
}

for (
  const [name, asker, chosen] of [
    ["ovmf-pxe-discover", "pxe", undefined],
    ["ovmf-pxe-request", "pxe", LEASE],
    ["ovmf-http-discover", "http", undefined],
    ["ovmf-http-request", "http", LEASE],
  ] as const
) {
  Deno.test(`question() is byte for byte ${name} (tests/golden/dhcp)`, async () => {
    equal(question(asker, IDENTITY, XID, chosen).toHex(), await golden(name));
  });
}

Deno.test("question(): a system asks without a boot architecture, as busybox udhcpc does", () => {
  const { options, flags } = parsePacket(question("system", IDENTITY, XID));
  deepEqual([options.has(OPTION.clientArchitecture), options.has(OPTION.clientUuid), flags], [false, false, 0]);
  deepEqual(options.get(OPTION.clientId), Uint8Array.of(1, 0x52, 0x54, 0, 0xaa, 0xbb, 1));
});

interface Reply {
  readonly type?: number;
  readonly fields?: Partial<DhcpMessage>;
  readonly options?: Readonly<Record<number, Uint8Array>>;
  readonly without?: number;
}

function reply({ type = TYPE.offer, fields = {}, options = {}, without = 0 }: Reply): DhcpMessage {
  const all = new Map<number, Uint8Array>([
    [OPTION.messageType, u8Data(type)],
    [OPTION.serverId, u32Data(LEASE.serverId)],
    [OPTION.bootFileName, textData("shimx64.efi")],
    ...Object.entries(options).map(([code, data]) => [Number(code), data] as const),
  ]);
  all.delete(without);
  return {
    ...parsePacket(question("pxe", IDENTITY, XID)),
    ...{ op: OP.reply, yiaddr: LEASE.address, siaddr: LEASE.nextServer },
    ...{ sname: new Uint8Array(64), file: new Uint8Array(128) },
    ...fields,
    options: all,
  };
}

const { vendorClass, bootFileName, tftpServerName, serverId } = OPTION;
const HTTP = { [vendorClass]: textData("HTTPClient"), [bootFileName]: textData("http://192.0.2.1:8880/shimx64.efi") };
const chaddr = new Uint8Array(16).fill(1, 0, 6);

/** Cases of "What a reply must contain": what real firmware did. */
const CASES: readonly [name: string, asker: Asker, reply: Reply, wanted: Judgement["kind"] | RegExp][] = [
  ["no 60 and no 43", "pxe", {}, "lease"],
  [
    "boot file in the file field alone",
    "pxe",
    { without: bootFileName, fields: { file: textData("shimx64.efi") } },
    "lease",
  ],
  ["option 67 with a trailing NUL", "pxe", { options: { [bootFileName]: textData("shimx64.efi\0") } }, "lease"],
  ["60=PXEClient without 43", "pxe", { options: { [vendorClass]: textData("PXEClient") } }, /43 is missing/],
  ["60=PXEClient with 43", "pxe", {
    options: { [vendorClass]: textData("PXEClient"), 43: Uint8Array.of(6, 1, 8, 255) },
  }, "lease"],
  ["siaddr 0: the firmware still loads shim", "pxe", { fields: { siaddr: 0 } }, "lease"],
  ["an address without a boot file", "pxe", { without: bootFileName }, /no boot file/],
  ["no address", "pxe", { fields: { yiaddr: 0 } }, /no address/],
  ["no server", "pxe", { without: serverId }, /option 54/],
  ["an answer to HTTP boot", "pxe", { options: HTTP }, /for HTTP boot/],
  ["HTTP boot with 60=HTTPClient", "http", { options: HTTP }, "lease"],
  ["HTTP boot with the URI in the file field", "http", {
    options: { [vendorClass]: textData("HTTPClient") },
    without: bootFileName,
    fields: { file: textData("http://192.0.2.1/x") },
  }, "lease"],
  ["HTTP boot without option 60", "http", { options: { [bootFileName]: HTTP[bootFileName]! } }, /option 60/],
  ["HTTP boot of a file name", "http", { options: { [vendorClass]: textData("HTTPClient") } }, /not an http:\/\/ URL/],
  ["a system needs no boot file", "system", { without: bootFileName }, "lease"],
  ["another exchange", "pxe", { fields: { xid: 1 } }, "foreign"],
  ["another card", "pxe", { fields: { chaddr } }, "foreign"],
  ["a request", "pxe", { fields: { op: OP.request } }, "foreign"],
  ["an ACK nobody asked for", "pxe", { type: TYPE.ack }, "foreign"],
];
for (const [name, asker, message, wanted] of CASES) {
  Deno.test(`judge(): ${name} (facts: what a reply must contain)`, () => {
    const verdict = judge(reply(message), { asker, mac: IDENTITY.mac, xid: XID, awaiting: "offer" });
    if (typeof wanted === "string") return equal(verdict.kind, wanted);
    equal(verdict.kind, "unfit");
    match((verdict as { reason: string }).reason, wanted);
  });
}

Deno.test("judge(): where the firmware loads from without siaddr: option 66, sname, option 54", () => {
  const bootServer = (message: Reply) => {
    const verdict = judge(reply(message), { asker: "pxe", mac: IDENTITY.mac, xid: XID, awaiting: "offer" });
    return verdict.kind === "lease" ? [verdict.lease.nextServer, verdict.lease.bootServer] : [];
  };
  const name = { [tftpServerName]: textData("192.0.2.7") };
  deepEqual(bootServer({ fields: { siaddr: 0, sname: textData("192.0.2.8") }, options: name }), [
    0,
    parseIpv4("192.0.2.7"),
  ]);
  deepEqual(bootServer({ fields: { siaddr: 0, sname: textData("192.0.2.8") } }), [0, parseIpv4("192.0.2.8")]);
  deepEqual(bootServer({ fields: { siaddr: 0, sname: textData("a.name") } }), [0, LEASE.serverId]);
  deepEqual(bootServer({}), [LEASE.nextServer, LEASE.nextServer]);
});

Deno.test("judge(): a NAK counts on a request only; options in the file field are not a file (RFC 2132 section 9.3)", () => {
  const ask = { asker: "pxe", mac: IDENTITY.mac, xid: XID } as const;
  const nak = reply({ type: TYPE.nak, options: { [OPTION.message]: textData("gone") } });
  equal(judge(nak, { ...ask, awaiting: "offer" }).kind, "foreign");
  deepEqual(judge(nak, { ...ask, awaiting: "ack" }), { kind: "nak", reason: "gone" });
  const overloaded = reply({ without: bootFileName, fields: { file: textData("x") }, options: { 52: u8Data(1) } });
  equal(judge(overloaded, { ...ask, awaiting: "offer" }).kind, "unfit");
  throws(
    () => judge(reply({ options: { [serverId]: u8Data(1) } }), { ...ask, awaiting: "offer" }),
    MalformedPacketError,
  );
});

import assert from "node:assert/strict";
import { formatIpv4, parseIpv4 } from "../../base/address.ts";
import { decide, DHCP_CAUSES, DHCP_STATES, type DhcpDecision, type DhcpIdentity } from "./decide.ts";
import { MalformedPacketError, OPTION, RELAY_SUBOPTION, textOption, u32Data, u32Option } from "./options.ts";
import { BROADCAST_FLAG, OP } from "./packet.ts";
import { MESSAGE_TYPE } from "./reply.ts";
import {
  addressData,
  type ClientFields,
  clientMessage,
  HIT,
  LEASED,
  RELAY,
  relayAgent,
  SERVER,
} from "./testdata/client.ts";

const { requestedAddress, serverId, relayAgent: agent } = OPTION;
const OTHER = parseIpv4("192.0.2.99");
const ELSEWHERE = parseIpv4("10.0.0.9");

function identity(mode: DhcpIdentity["mode"]): DhcpIdentity {
  return { mode, ip: SERVER, clientPort: 68, relayPort: 67 };
}

type TypeName = keyof typeof MESSAGE_TYPE;

function ask(mode: DhcpIdentity["mode"], type: TypeName, fields: ClientFields, hit = true): DhcpDecision {
  return decide({
    message: clientMessage(MESSAGE_TYPE[type], fields),
    hit: hit ? HIT : undefined,
    boot: { kind: "file", name: "shimx64.efi" },
    http: false,
    server: identity(mode),
  });
}

/** `ACK to 192.0.2.50:68`, or `ignore`. */
function summary(decision: DhcpDecision): string {
  if (decision.kind !== "reply") return decision.kind;
  return `${decision.type} to ${formatIpv4(decision.to.address)}:${decision.to.port}`;
}

const wants = (address: number, more: Record<number, Uint8Array> = {}) => ({
  options: { [requestedAddress]: u32Data(address), ...more },
});
const selects = (address: number, server = SERVER) => wants(address, { [serverId]: u32Data(server) });
const fromRelay = (fields: ClientFields, subOptions: Record<number, Uint8Array> = {}): ClientFields => ({
  ...fields,
  giaddr: RELAY,
  options: { ...fields.options, [agent]: relayAgent(subOptions) },
});
const overridden = { [RELAY_SUBOPTION.serverIdOverride]: u32Data(RELAY) };
const link = (address: string) => ({ [RELAY_SUBOPTION.linkSelection]: addressData(address) });

const BROADCAST = "to 255.255.255.255:68";
const CASES: readonly [string, DhcpIdentity["mode"], TypeName, ClientFields, string][] = [
  // RFC 2131 section 4.3.1
  ["DISCOVER", "interface", "discover", {}, `OFFER ${BROADCAST}`],
  [
    "DISCOVER that asks for another address: the lease is static",
    "interface",
    "discover",
    wants(OTHER),
    `OFFER ${BROADCAST}`,
  ],
  ["DISCOVER through a relay (4.1)", "relay", "discover", fromRelay({}), "OFFER to 192.0.2.254:67"],
  ["DISCOVER through a relay to an interface", "interface", "discover", fromRelay({}), "OFFER to 192.0.2.254:67"],
  ["DISCOVER that no relay sent, in relay mode (contract 5)", "relay", "discover", {}, "ignore"],
  ["DISCOVER with a made-up ciaddr", "interface", "discover", { ciaddr: ELSEWHERE }, `OFFER ${BROADCAST}`],
  ["DISCOVER with a made-up ciaddr, in relay mode", "relay", "discover", { ciaddr: ELSEWHERE }, "ignore"],
  ["DISCOVER with the broadcast flag (4.1)", "interface", "discover", { flags: BROADCAST_FLAG }, `OFFER ${BROADCAST}`],
  // 4.3.2, SELECTING
  ["REQUEST that selects this server", "interface", "request", selects(LEASED), `ACK ${BROADCAST}`],
  [
    "REQUEST that selects this server through a relay",
    "relay",
    "request",
    fromRelay(selects(LEASED)),
    "ACK to 192.0.2.254:67",
  ],
  ["REQUEST that selects another server", "interface", "request", selects(LEASED, OTHER), "ignore"],
  ["REQUEST that selects this server for another address", "interface", "request", selects(OTHER), `NAK ${BROADCAST}`],
  ["the same through a relay", "relay", "request", fromRelay(selects(OTHER)), "NAK to 192.0.2.254:67"],
  ["REQUEST that selects this server for no address", "interface", "request", {
    options: { [serverId]: u32Data(SERVER) },
  }, `NAK ${BROADCAST}`],
  // 4.3.2, INIT-REBOOT
  ["REQUEST after a reboot that no relay sent, in relay mode", "relay", "request", wants(LEASED), "ignore"],
  ["REQUEST after a reboot", "interface", "request", wants(LEASED), `ACK ${BROADCAST}`],
  [
    "REQUEST after a reboot for an address that is not the lease's",
    "interface",
    "request",
    wants(OTHER),
    `NAK ${BROADCAST}`,
  ],
  ["REQUEST after a reboot on another network", "interface", "request", wants(ELSEWHERE), `NAK ${BROADCAST}`],
  [
    "REQUEST after a reboot on another network, through a relay",
    "relay",
    "request",
    fromRelay(wants(ELSEWHERE)),
    "NAK to 192.0.2.254:67",
  ],
  // 4.3.2, RENEWING and REBINDING
  ["REQUEST that renews", "interface", "request", { ciaddr: LEASED }, "ACK to 192.0.2.50:68"],
  ["REQUEST that renews past the relay (contract 5)", "relay", "request", { ciaddr: LEASED }, "ACK to 192.0.2.50:68"],
  ["REQUEST that rebinds through a relay", "relay", "request", fromRelay({ ciaddr: LEASED }), "ACK to 192.0.2.254:67"],
  [
    "REQUEST that renews an address that is not the lease's any more",
    "interface",
    "request",
    { ciaddr: OTHER },
    `NAK ${BROADCAST}`,
  ],
  ["the same past the relay: no broadcast reaches it", "relay", "request", { ciaddr: OTHER }, "NAK to 192.0.2.99:68"],
  [
    "REQUEST that renews and names the address twice",
    "interface",
    "request",
    { ...wants(LEASED), ciaddr: LEASED },
    "ACK to 192.0.2.50:68",
  ],
  [
    "REQUEST that renews one address and wants another",
    "interface",
    "request",
    { ...wants(LEASED), ciaddr: OTHER },
    `NAK ${BROADCAST}`,
  ],
  ["REQUEST for nothing", "interface", "request", {}, "ignore"],
  // 4.3.3 to 4.3.5
  ["DECLINE of the lease", "interface", "decline", selects(LEASED), "declined"],
  ["DECLINE of another server's offer", "interface", "decline", selects(LEASED, OTHER), "ignore"],
  ["DECLINE of an address that is not the lease's", "interface", "decline", selects(OTHER), "ignore"],
  ["DECLINE of nothing", "interface", "decline", {}, "ignore"],
  ["RELEASE", "interface", "release", { ciaddr: LEASED, options: { [serverId]: u32Data(SERVER) } }, "released"],
  ["RELEASE past the relay", "relay", "release", { ciaddr: LEASED }, "released"],
  [
    "RELEASE to another server",
    "interface",
    "release",
    { ciaddr: LEASED, options: { [serverId]: u32Data(OTHER) } },
    "ignore",
  ],
  ["RELEASE of an address that is not the lease's", "interface", "release", { ciaddr: OTHER }, "ignore"],
  ["INFORM", "interface", "inform", { ciaddr: OTHER }, "ACK to 192.0.2.99:68"],
  [
    "INFORM through a relay: answered directly (4.3.5)",
    "relay",
    "inform",
    fromRelay({ ciaddr: OTHER }),
    "ACK to 192.0.2.99:68",
  ],
  ["INFORM without an address through a relay", "relay", "inform", fromRelay({}), "ACK to 192.0.2.254:67"],
  ["INFORM without an address", "interface", "inform", {}, "ignore"],
  ["INFORM from another network than the lease's", "interface", "inform", { ciaddr: ELSEWHERE }, "ignore"],
  // Relays
  [
    "a lease of the link that the relay names (RFC 3527)",
    "relay",
    "discover",
    fromRelay({}, link("192.0.2.0")),
    "OFFER to 192.0.2.254:67",
  ],
  ["a link that the lease is not of (RFC 3527)", "relay", "discover", fromRelay({}, link("10.0.0.0")), "ignore"],
  [
    "a reboot on a link that the lease is not of (RFC 3527; 2131 4.3.2)",
    "relay",
    "request",
    fromRelay(wants(LEASED), link("10.0.0.0")),
    "NAK to 192.0.2.254:67",
  ],
  ["link selection that a client made up", "interface", "discover", {
    options: { [agent]: relayAgent(link("10.0.0.0")) },
  }, `OFFER ${BROADCAST}`],
  [
    "REQUEST that selects the relay in the server's place (RFC 5107)",
    "relay",
    "request",
    fromRelay(selects(LEASED, RELAY), overridden),
    "ACK to 192.0.2.254:67",
  ],
  [
    "REQUEST that selects this server though the relay overrides (RFC 5107)",
    "relay",
    "request",
    fromRelay(selects(LEASED), overridden),
    "ACK to 192.0.2.254:67",
  ],
  [
    "REQUEST that selects a third server (RFC 5107)",
    "relay",
    "request",
    fromRelay(selects(LEASED, OTHER), overridden),
    "ignore",
  ],
  ["a server identifier that a client made up (RFC 5107)", "interface", "request", {
    options: { ...selects(LEASED, RELAY).options, [agent]: relayAgent(overridden) },
  }, "ignore"],
  // What is no question
  ["a reply", "interface", "discover", { op: OP.reply }, "ignore"],
  ["a client that is not on Ethernet", "interface", "discover", { htype: 32, hlen: 8 }, "ignore"],
  ["a hardware address that is too long", "interface", "discover", { hlen: 16 }, "ignore"],
  ["an OFFER", "interface", "offer", {}, "ignore"],
];
for (const [name, mode, type, fields, wanted] of CASES) {
  Deno.test(`decide() on ${name}: ${wanted}`, () => assert.equal(summary(ask(mode, type, fields)), wanted));
}

Deno.test("decide() has every cause that is counted, and no other", () => {
  const causes = new Set(CASES.map(([, mode, type, fields]) => ask(mode, type, fields).cause));
  // Said by exchange.ts, and in the two tests below.
  for (const elsewhere of ["address_of_older_machine", "unknown_machine", "bootp"] as const) causes.add(elsewhere);
  assert.deepEqual([...causes].sort(), [...DHCP_CAUSES, ...DHCP_STATES].sort());
});

for (const type of ["discover", "request", "inform", "decline", "release"] as const) {
  Deno.test(`decide() is silent to a ${type.toUpperCase()} of an unknown MAC address (RFC 2131 section 4.3.2)`, () => {
    const decision = ask("interface", type, { ...wants(OTHER), ciaddr: OTHER }, false);
    assert.deepEqual(decision, { kind: "ignore", cause: "unknown_machine", reason: "no Machine has this MAC address" });
  });
}

Deno.test("decide() ignores BOOTP, which has no message type", () => {
  const message = { ...clientMessage(MESSAGE_TYPE.discover), options: new Map() };
  const boot = { kind: "none", reason: "" } as const;
  const decision = decide({ message, hit: HIT, boot, http: false, server: identity("interface") });
  assert.deepEqual(decision, { kind: "ignore", cause: "bootp", reason: "BOOTP, no DHCP message type" });
});

Deno.test("decide() refuses options of a wrong length", () => {
  for (const code of [requestedAddress, serverId]) {
    assert.throws(() => ask("interface", "request", { options: { [code]: new Uint8Array(3) } }), MalformedPacketError);
  }
  const short = fromRelay({}, { [RELAY_SUBOPTION.linkSelection]: new Uint8Array(2) });
  assert.throws(() => ask("relay", "discover", short), MalformedPacketError);
});

function replyTo(mode: DhcpIdentity["mode"], type: TypeName, fields: ClientFields) {
  const decision = ask(mode, type, fields);
  assert.equal(decision.kind, "reply");
  return decision.packet;
}

Deno.test("decide() puts the relay's name for the server into option 54 (RFC 5107 section 4)", () => {
  const offer = replyTo("relay", "discover", fromRelay({}, overridden));
  assert.equal(u32Option(offer.options, serverId), RELAY);
  assert.equal(offer.siaddr, SERVER);
});

Deno.test("decide() sets the broadcast bit of a NAK to a relay, and only there (RFC 2131 section 4.3.2)", () => {
  assert.equal(replyTo("relay", "request", fromRelay(wants(OTHER))).flags, BROADCAST_FLAG);
  assert.equal(replyTo("interface", "request", wants(OTHER)).flags, 0);
});

Deno.test("decide() says in a NAK what the lease is", () => {
  const nak = replyTo("interface", "request", wants(OTHER));
  assert.equal(textOption(nak.options, OPTION.message), "the lease is 192.0.2.50, not 192.0.2.99");
});

import assert from "node:assert/strict";
import { formatIpv4 } from "../../base/address.ts";
import { readMachine } from "../../machine/types.ts";
import { consider, type DhcpKnowledge, typeName } from "./exchange.ts";
import { MalformedPacketError, OPTION, textOption, u32Data } from "./options.ts";
import { encodePacket, parsePacket, REPLY_BUFFER_SIZE } from "./packet.ts";
import { MESSAGE_TYPE } from "./reply.ts";
import {
  bytesOf,
  clientMessage,
  DIRECTORY,
  HIT,
  IMAGE,
  LEASED,
  NO_IMAGE,
  RELAY,
  relayAgent,
  SERVER,
} from "./testdata/client.ts";

/** A packet of tests/golden/dhcp; where each is from, tests/golden/SOURCES.md says. */
function golden(name: string): Uint8Array {
  const hex = Deno.readTextFileSync(new URL(`../../tests/golden/dhcp/${name}.hex`, import.meta.url));
  return Uint8Array.from(hex.match(/[0-9a-f]{2}/g)!, (byte) => parseInt(byte, 16));
}

const KNOWLEDGE: DhcpKnowledge = {
  directory: DIRECTORY,
  images: { imageFor: () => IMAGE },
  serveUrl: "http://192.0.2.1:8880",
  server: { mode: "interface", ip: SERVER, clientPort: 68, relayPort: 67 },
};

interface Golden {
  readonly name: string;
  readonly request: string;
  readonly reply: string;
  readonly file: string;
  /** Codes of the reply, in order. */
  readonly codes: number[];
}

const HTTP_URL = "http://192.0.2.1:8880/efi/boot%20x64.efi";
const GOLDEN: readonly Golden[] = [
  // Facts measured with OVMF 2022.11: option 55 lists 1, 3, 6, 51, 54, 58, 59, 66, 67, 97 in this order.
  {
    name: "ovmf-pxe-discover",
    request: "DISCOVER",
    reply: "OFFER",
    file: "shimx64.efi",
    codes: [53, 1, 3, 6, 51, 54, 58, 59, 66, 67, 97],
  },
  {
    name: "ovmf-pxe-request",
    request: "REQUEST",
    reply: "ACK",
    file: "shimx64.efi",
    codes: [53, 1, 3, 6, 51, 54, 58, 59, 66, 67, 97],
  },
  {
    name: "ovmf-http-discover",
    request: "DISCOVER",
    reply: "OFFER",
    file: HTTP_URL,
    codes: [53, 1, 3, 6, 51, 54, 58, 59, 60, 67, 97, 66],
  },
  {
    name: "ovmf-http-request",
    request: "REQUEST",
    reply: "ACK",
    file: HTTP_URL,
    codes: [53, 1, 3, 6, 51, 54, 58, 59, 60, 67, 97, 66],
  },
  {
    name: "ipxe-discover",
    request: "DISCOVER",
    reply: "OFFER",
    file: "boot.ipxe",
    codes: [53, 1, 3, 6, 66, 67, 54, 51, 61, 97],
  },
  {
    name: "udhcpc-discover",
    request: "DISCOVER",
    reply: "OFFER",
    file: "shimx64.efi",
    codes: [53, 1, 3, 6, 54, 51, 66, 67, 61],
  },
  {
    name: "udhcpc-request",
    request: "REQUEST",
    reply: "ACK",
    file: "shimx64.efi",
    codes: [53, 1, 3, 6, 54, 51, 66, 67, 61],
  },
  {
    name: "dhclient-discover",
    request: "DISCOVER",
    reply: "OFFER",
    file: "shimx64.efi",
    codes: [53, 1, 3, 6, 54, 51, 66, 67],
  },
  {
    name: "dhclient-request",
    request: "REQUEST",
    reply: "ACK",
    file: "shimx64.efi",
    codes: [53, 1, 3, 6, 54, 51, 66, 67],
  },
  {
    name: "dhcpcd-discover",
    request: "DISCOVER",
    reply: "OFFER",
    file: "shimx64.efi",
    codes: [53, 1, 3, 6, 51, 54, 58, 59, 66, 67, 61],
  },
  {
    name: "dhcpcd-request",
    request: "REQUEST",
    reply: "ACK",
    file: "shimx64.efi",
    codes: [53, 1, 3, 6, 51, 54, 58, 59, 66, 67, 61],
  },
];
for (const { name, request, reply, file, codes } of GOLDEN) {
  Deno.test(`consider() answers the packet ${name}`, () => {
    const { message, decision, maxDatagram } = consider(golden(name), KNOWLEDGE);
    assert.equal(typeName(message), request);
    assert.equal(decision.kind, "reply");
    assert.equal(decision.type, reply);
    assert.equal(formatIpv4(decision.to.address), "255.255.255.255");
    const sent = parsePacket(encodePacket(decision.packet, maxDatagram, new Uint8Array(REPLY_BUFFER_SIZE)));
    assert.deepEqual([...sent.options.keys()], codes);
    assert.equal(textOption(sent.options, OPTION.bootFileName), file);
    assert.equal(new TextDecoder().decode(sent.file).replace(/\0+$/, ""), file);
    assert.deepEqual(sent.options.get(OPTION.clientUuid), message.options.get(OPTION.clientUuid));
  });
}

Deno.test("consider() begins a boot with firmware's DISCOVER only: an install must not change its image half-way", () => {
  const starts: boolean[] = [];
  const images = {
    imageFor: (_: unknown, starting: boolean) => {
      starts.push(starting);
      return IMAGE;
    },
  };
  for (const name of ["ovmf-pxe-discover", "ovmf-pxe-request", "udhcpc-discover", "ipxe-discover"]) {
    consider(golden(name), { ...KNOWLEDGE, images });
  }
  assert.deepEqual(starts, [true, false, false, true]);
});

Deno.test("consider() leases without a boot file while the image is missing", () => {
  const { boot, decision } = consider(golden("ovmf-pxe-discover"), {
    ...KNOWLEDGE,
    images: { imageFor: () => NO_IMAGE },
  });
  assert.deepEqual(boot, { kind: "none", reason: "still pulling" });
  assert.equal(decision.kind, "reply");
});

Deno.test("consider() asks no image for an unknown MAC address", () => {
  const unknown = golden("udhcpc-discover").with(33, 0x99);
  const images = { imageFor: () => assert.fail("asked") };
  assert.equal(consider(unknown, { ...KNOWLEDGE, images }).decision.kind, "ignore");
});

/** mulberry32: the same numbers in each run. */
function random(seed: number): () => number {
  return () => {
    seed = (seed + 0x6d2b79f5) | 0;
    let t = Math.imul(seed ^ (seed >>> 15), 1 | seed);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) / 2 ** 32;
  };
}

/** Changes some bytes, mostly of the options; now and then cuts or repeats. */
function mutate(bytes: Uint8Array, next: () => number): Uint8Array {
  const mutated = bytes.slice();
  for (let changes = 1 + Math.floor(next() * 8); changes > 0; changes--) {
    const from = next() < 0.8 ? 240 : 0;
    mutated[from + Math.floor(next() * (mutated.length - from))] = Math.floor(next() * 256);
  }
  const how = next();
  if (how < 0.1) return mutated.subarray(0, Math.floor(next() * mutated.length));
  return how < 0.2 ? Uint8Array.of(...mutated, ...mutated.subarray(240)) : mutated;
}

Deno.test("consider() survives 200,000 mutated packets: each is answered within bounds, ignored or refused", () => {
  const relayed = bytesOf(clientMessage(MESSAGE_TYPE.request, {
    giaddr: RELAY,
    options: {
      [OPTION.relayAgent]: relayAgent({
        1: Uint8Array.of(1),
        5: Uint8Array.of(192, 0, 2, 0),
        11: Uint8Array.of(1, 2, 3, 4),
      }),
      [OPTION.clientId]: new Uint8Array(255),
    },
  }));
  const seeds = [...GOLDEN.map(({ name }) => golden(name)), relayed];
  const next = random(1);
  const buffer = new Uint8Array(REPLY_BUFFER_SIZE);
  const seen = new Map<string, number>();
  for (let i = 0; i < 200_000; i++) {
    const datagram = mutate(seeds[i % seeds.length]!, next);
    let outcome = "refused";
    try {
      const { decision, maxDatagram } = consider(datagram, KNOWLEDGE);
      outcome = decision.kind;
      if (decision.kind === "reply") {
        const { length } = encodePacket(decision.packet, maxDatagram, buffer);
        assert.ok(length >= 300 && length <= 1472);
      }
    } catch (error) {
      if (!(error instanceof MalformedPacketError)) throw error;
    }
    seen.set(outcome, (seen.get(outcome) ?? 0) + 1);
  }
  for (const outcome of ["refused", "reply", "ignore"]) {
    assert.ok(seen.get(outcome)! > 1000, `${outcome}: ${seen.get(outcome)}`);
  }
});

for (const type of ["discover", "request", "inform"] as const) {
  Deno.test(`consider() does not give an older Machine's address to a younger one: ${type} (issue 3, bad input)`, () => {
    const { machine } = readMachine({ metadata: { name: "older" } });
    const directory = { ...DIRECTORY, byIp: () => ({ machine, lease: HIT.lease }) };
    const message = clientMessage(MESSAGE_TYPE[type], { options: { [OPTION.requestedAddress]: u32Data(LEASED) } });
    const { decision } = consider(bytesOf(message), { ...KNOWLEDGE, directory });
    assert.deepEqual(decision, {
      kind: "ignore",
      cause: "address_of_older_machine",
      reason: "192.0.2.50 is served to the older Machine older",
    });
  });
}

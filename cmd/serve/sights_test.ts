import { deepEqual } from "node:assert/strict";
import { type Machine, readMachine } from "../../machine/types.ts";
import type { FileAnswer } from "../../pxe/answer.ts";
import type { DhcpEvent } from "../../pxe/dhcp/server.ts";
import type { BootImage, ImageMissing } from "../../pxe/image.ts";
import { dhcpSeen, tracedResolver, type Witnesses } from "./sights.ts";

const LEASE = { mac: "aa:bb:cc:dd:ee:01", ipv4: "10.0.0.11", subnetMask: "255.255.255.0", gateway: "10.0.0.1" };
const { machine } = readMachine({ metadata: { name: "a" }, spec: { pxe: { image: "i:v1", dhcpLeases: [LEASE] } } });
const hit = { machine, lease: machine.leases[0]! };
const IMAGE = { digest: "sha256:1", dhcpBootImageName: "", bootFiles: {}, file: () => undefined };
const MISSING = { reason: "image i:v1 is being pulled: 3 %" };

/** What was told, in words. */
function witnesses(image: BootImage | ImageMissing): Witnesses & { readonly told: unknown[] } {
  const told: unknown[] = [];
  return {
    told,
    boots: {
      dhcp: ({ name }: Machine, silence, sight) => void told.push([name, silence, sight]),
      file: ({ name }: Machine, file) => void told.push([name, file]),
    },
    event: (_, severity, reason, message) => void told.push(`${severity} ${reason}: ${message}`),
    images: { imageFor: () => image },
  };
}

const X64 = { kind: "uefi", architecture: "x64-uefi" } as const;
const sight = (discover: boolean) => ({ kind: "dhcp", discover, architecture: "x64-uefi" });
const OFFER = { request: "DISCOVER", outcome: "reply", reply: "OFFER", reason: "static lease", firmware: X64 } as const;
const NO_FILE = "image sha256:1 names no boot file for this client";

const CASES: readonly [
  name: string,
  event: Omit<DhcpEvent, "hit">,
  image: BootImage | ImageMissing,
  told: unknown[],
][] = [
  [
    "firmware that is answered",
    OFFER,
    IMAGE,
    [["a", undefined, sight(true)]],
  ],
  [
    "a system that renews its lease is no boot",
    { request: "REQUEST", outcome: "reply", reply: "ACK", reason: "renewing" },
    IMAGE,
    [["a", undefined, undefined]],
  ],
  [
    "firmware that is told no",
    { request: "REQUEST", outcome: "reply", reply: "NAK", reason: "the lease is another", firmware: X64 },
    IMAGE,
    [["a", "the lease is another", sight(false)]],
  ],
  [
    "firmware that the image has no file for",
    { ...OFFER, noBootFile: NO_FILE },
    IMAGE,
    [["a", undefined, sight(true)], `Warning NoBootFile: firmware x64-uefi: ${NO_FILE}`],
  ],
  [
    "an image that is on its way is no trouble yet",
    { ...OFFER, noBootFile: NO_FILE },
    MISSING,
    [["a", undefined, sight(true)]],
  ],
  [
    "an address that is in use (RFC 2131 section 4.3.3)",
    { request: "DECLINE", outcome: "declined", reason: "in use" },
    IMAGE,
    [["a", "in use", undefined], "Warning AddressDeclined: the machine found 10.0.0.11 in use by somebody else"],
  ],
];

for (const [name, event, image, told] of CASES) {
  Deno.test(`dhcpSeen(): ${name}`, () => {
    const all = witnesses(image);
    dhcpSeen({ hit, ...event }, all);
    deepEqual(all.told, told);
  });
}

Deno.test("tracedResolver() passes every answer on and tells whose it was, but of nobody's", async () => {
  const found: FileAnswer = { kind: "bytes", body: new Uint8Array(1), etag: "e" };
  const failed: FileAnswer = { kind: "failed", reason: "line 1" };
  const all = witnesses(IMAGE);
  const directory = { byIp: (client: number) => client === 1 ? hit : undefined };
  const resolve = tracedResolver(
    all,
    (_, path) => path === "late" ? Promise.resolve(failed) : found,
    directory,
    "TFTP",
  );
  deepEqual([resolve(1, "a.efi"), await resolve(1, "late"), resolve(2, "a.efi")], [found, failed, found]);
  deepEqual(all.told, [
    ["a", { path: "a.efi", over: "TFTP", failure: undefined, image: "sha256:1" }],
    ["a", { path: "late", over: "TFTP", failure: "line 1", image: "sha256:1" }],
  ]);
});

import { deepEqual, equal } from "node:assert/strict";
import type { Condition, MachineObject } from "../../machine/types.ts";
import { listLines, powerOf, stateOf, statusLines } from "./table.ts";

const NOW = Date.parse("2026-01-01T01:00:00Z");
const condition = (type: string, status: string, reason: string, message = ""): Condition =>
  ({ type, status, reason, message, lastTransitionTime: "2026-01-01T00:59:50Z" }) as Condition;

const LEASE = { mac: "02:00:00:00:00:01", ipv4: "10.0.0.9", subnetMask: "255.255.255.0" };

function machine(
  [wantedRepaves, repaves, wantedReboots, reboots]: readonly number[],
  conditions: Condition[] = [],
  redfish: object | null = { url: "https://bmc" },
): MachineObject {
  return {
    metadata: { name: "node-01", creationTimestamp: "2025-12-31T01:00:00Z" },
    spec: {
      pxe: { image: "img:v1", dhcpLeases: [LEASE], ...(redfish === null ? {} : { redfish }) },
      operations: { repaveCounter: wantedRepaves!, rebootCounter: wantedReboots! },
    },
    status: { operations: { repaveCounter: repaves!, rebootCounter: reboots! }, conditions },
  };
}

const OFF_ASKED = condition("PoweredOff", "False", "PoweringOff", "target reboots: 2");
const DOUBLE = condition("AddressConflict", "True", "Duplicate");
const PENDING = condition("Repaved", "False", "Pending", "image=img:v1");

const STATES: readonly [state: string, power: string, object: MachineObject][] = [
  ["no DHCP lease", "unknown", { metadata: { name: "new" } }],
  ["no image", "unknown", { metadata: { name: "new" }, spec: { pxe: { dhcpLeases: [LEASE] } } }],
  ["idle", "on", machine([1, 1, 1, 1])],
  ["address conflict", "on", machine([1, 1, 1, 1], [DOUBLE])],
  ["address conflict", "unknown", machine([1, 0, 0, 0], [DOUBLE], null)],
  ["ready", "on", machine([2, 2, 2, 2], [condition("CloudInitDone", "True", "Succeeded"), DOUBLE])],
  ["reboot waits", "on", machine([1, 1, 2, 1])],
  ["repave waits", "on", machine([2, 1, 2, 1])],
  ["rebooting", "powering off", machine([1, 1, 2, 1], [OFF_ASKED])],
  [
    "rebooting",
    "unknown",
    machine([1, 1, 2, 1], [condition("PoweredOff", "False", "PoweringOff", "target reboots: 2: no route")]),
  ],
  ["repaving", "off", machine([2, 1, 2, 1], [{ ...OFF_ASKED, status: "True", reason: "ForceOff" }])],
  ["repaving", "powering on", machine([2, 1, 2, 1], [{ ...OFF_ASKED, status: "True", reason: "PoweringOn" }])],
  ["installing", "on", machine([2, 1, 2, 2], [PENDING])],
  ["installing", "unknown", machine([1, 0, 0, 0], [], null)],
  ["repave failed", "on", machine([2, 1, 2, 2], [condition("Repaved", "False", "Failed", "image=img:v1: gave up")])],
  ["installed", "on", machine([2, 2, 2, 2], [condition("Repaved", "True", "Succeeded")])],
  ["starting", "on", machine([2, 2, 2, 2], [condition("CloudInitDone", "False", "Running")])],
  ["cloud-init failed", "on", machine([2, 2, 2, 2], [condition("CloudInitDone", "False", "Failed")])],
  ["cloud-init stuck", "on", machine([2, 2, 2, 2], [condition("CloudInitDone", "Unknown", "TimedOut")])],
  ["ready", "on", machine([2, 2, 2, 2], [condition("CloudInitDone", "True", "Succeeded")])],
  ["deleting", "unknown", { metadata: { name: "x", deletionTimestamp: "2026-01-01T00:00:00Z" } }],
];

for (const [state, power, object] of STATES) {
  Deno.test(`stateOf() and powerOf() say "${state}", power ${power} (contract 2)`, () => {
    deepEqual([stateOf(object), powerOf(object)], [state, power]);
  });
}

Deno.test("listLines() lines up its columns", () => {
  deepEqual(listLines([machine([2, 1, 2, 1], [OFF_ASKED]), { metadata: { name: "b" } }], NOW), [
    "NAME      STATE           POWER          REPAVES   REBOOTS   IMAGE    AGE",
    "node-01   repaving        powering off   1 of 2    1 of 2    img:v1   24h",
    "b         no DHCP lease   unknown        0         0         <none>   <unknown>",
  ]);
});

Deno.test("statusLines() shows power, boot order, image, counters, conditions, Events and the newest of them", () => {
  const object = machine([2, 1, 2, 1], [OFF_ASKED]);
  object.status = { ...object.status, repave: { counter: 2, attempts: 1 } };
  const event = (seconds: number, message: string, count = 1) => ({
    metadata: { name: message },
    ...{ type: "Warning", reason: "BmcUnreachable", message, count },
    lastTimestamp: new Date(NOW - seconds * 1000).toISOString(),
  });
  deepEqual(statusLines(object, [event(2, "no\nroute\x1b[2J", 3), event(90, "refused")], NOW), [
    "Name:         node-01",
    "State:        repaving",
    "Power:        powering off (target reboots: 2)",
    "Boot order:   network, as a repave is pending",
    "Image:        img:v1",
    "Repaves:      1 of 2, failed tries: 1",
    "Reboots:      1 of 2",
    "Last:         BmcUnreachable: no route?[2J (2s ago)",
    "Conditions:",
    "  TYPE         STATUS   REASON        AGE   MESSAGE",
    "  PoweredOff   False    PoweringOff   10s   target reboots: 2",
    "Events:",
    "  LAST SEEN   TYPE      REASON           MESSAGE",
    "  90s         Warning   BmcUnreachable   refused",
    "  2s (x3)     Warning   BmcUnreachable   no route?[2J",
  ]);
});

Deno.test("statusLines() of a Machine that has done nothing, without the right to read Events", () => {
  const lines = statusLines({ metadata: { name: "b" } }, undefined, NOW);
  equal(
    lines.find((line) => line.startsWith("Boot order:")),
    "Boot order:   its own: no BMC to set it (spec.pxe.redfish)",
  );
  equal(lines[2], "Power:        unknown (no BMC to ask)");
  deepEqual(lines.slice(-5), [
    "Last:         nothing yet",
    "Conditions:",
    "  none",
    "Events:",
    "  may not be read (events: list)",
  ]);
});

Deno.test("statusLines() says that the BMC cannot set the boot order, and why", () => {
  const refused = condition("BootOrderConfigSupported", "False", "NotSupported", "501 Not Implemented");
  const [, , power, line] = statusLines(machine([2, 1, 2, 1], [refused]), [], NOW);
  equal(power, "Power:        on (as it was left after the last reboot)");
  equal(line, "Boot order:   its own: the BMC cannot set it: 501 Not Implemented");
});

Deno.test("statusLines() shows the last boot, each step with the time since the one before", () => {
  const boot = {
    number: 3,
    firmware: "UEFI",
    architecture: "x64",
    method: "PXE" as const,
    image: "sha256:7df7",
    steps: [
      { name: "PoweredOn", time: "2026-01-01T00:50:00Z" },
      { name: "DHCP", time: "2026-01-01T00:50:41Z" },
      { name: "FirstFile", time: "2026-01-01T00:50:41Z", message: '"shim\nx64.efi" over TFTP' },
      { name: "Kernel", time: "2026-01-01T00:50:39Z", message: '"vmlinuz" over HTTP' },
    ],
  };
  const lines = statusLines({ metadata: { name: "b" }, status: { boot } }, [], NOW);
  deepEqual(lines.slice(lines.indexOf("Conditions:") + 2), [
    "Last boot: number 3, PXE, x64 UEFI, sha256:7df7",
    "  STEP        TIME                       AFTER   MESSAGE",
    "  PoweredOn   2026-01-01T00:50:00.000Z",
    "  DHCP        2026-01-01T00:50:41.000Z   +41s",
    '  FirstFile   2026-01-01T00:50:41.000Z   +0s     "shim x64.efi" over TFTP',
    '  Kernel      2026-01-01T00:50:39.000Z           "vmlinuz" over HTTP',
    "Events:",
    "  none",
  ]);
});

import { deepEqual, equal, ok } from "node:assert/strict";
import { cycleOf, troubled } from "./power_cycle.ts";
import { NO_FACTS, type PowerFacts, type PowerSeen, recorded, stepping } from "./power_facts.ts";
import { powerStep, RETRY_MS, UNSUPPORTED_MS } from "./power_plan.ts";
import { type Condition, type Machine, type MachineObject, readMachine } from "./types.ts";

const NOW = Date.parse("2026-11-23T09:00:00Z");
const AT = "2026-11-23T08:59:00Z";
const LATER = "2026-11-23T09:00:00Z";

/** Reboots and repaves, as asked for and done. */
type Counters = readonly [reboots: number, rebooted: number, repaves?: number, repaved?: number];

function machine(
  counters: Counters,
  conditions: Partial<Condition>[] = [],
  more: Partial<MachineObject> = {},
): Machine {
  const [rebootCounter, rebooted, repaveCounter = 0, repaved = 0] = counters;
  const redfish = { url: "https://bmc", username: "u", passwordRef: { name: "n", namespace: "s" } };
  return readMachine({
    metadata: { name: "node-01", generation: 7 },
    spec: { pxe: { image: "i:v1", redfish }, operations: { rebootCounter, repaveCounter } },
    status: {
      phase: "Ready",
      redfish: { certFingerprint: "ab:cd" },
      operations: { rebootCounter: rebooted, repaveCounter: repaved },
      conditions: conditions.map((c) => ({
        status: "False",
        reason: "x",
        message: "",
        observedGeneration: 7,
        lastTransitionTime: AT,
        ...c,
      } as Condition)),
    },
    ...more,
  }).machine;
}

const off = (
  message = "target reboots: 5",
) => ({ type: "PoweredOff", status: "False", reason: "PoweringOff", message } as const);
const wasOff = (
  message = "target reboots: 5",
) => ({ type: "PoweredOff", status: "True", reason: "ForceOff", message } as const);
const on = (
  message = "target reboots: 5",
) => ({ type: "PoweredOff", status: "True", reason: "PoweringOn", message } as const);

/** What was just seen; the boot order is set already. */
function seen(power: PowerSeen, more: Partial<PowerFacts> = {}, cycle: number | undefined = 5): PowerFacts {
  return {
    ...NO_FACTS,
    look: { power, fingerprint: "ab:cd", atMs: NOW },
    offLooks: power === "Off" ? 2 : 0,
    boot: { plan: { kind: "own order" }, cycle, atMs: NOW },
    ...more,
  };
}
const repaving = { boot: { plan: { kind: "network", target: "Pxe" }, cycle: 5, atMs: NOW } } as const;
const sentOff = (msAgo: number) => ({ sent: { to: "Off", atMs: NOW - msAgo } } as const);
const askedOff = (msAgo: number) => ({ sent: { ...sentOff(msAgo).sent, isUpToSystem: true } } as const);
const STILL_ON =
  "target reboots: 5: the BMC offers no ForceOff, and the system that was asked to shut down is still on";
const sentOn = (msAgo: number) => ({ sent: { to: "On", atMs: NOW - msAgo } } as const);

/** A step in short: what it writes as `Type Status/Reason "message"` and counter. */
function short(machineNow: Machine, facts: PowerFacts): string {
  const step = powerStep(machineNow, facts, NOW);
  switch (step.kind) {
    case "power":
      return `power ${step.to}`;
    case "wait":
      return `wait ${step.afterMs}`;
    case "boot":
      return `boot ${step.plan.kind === "network" ? step.plan.target : "own order"}`;
    case "record": {
      const { conditions = [], operations } = step.status;
      equal(step.status.phase, "Ready", "nothing else of the status is touched");
      const texts = conditions.map((c) => {
        equal(c.observedGeneration, 7);
        return `${c.type} ${c.status}/${c.reason} "${c.message}"${c.lastTransitionTime === AT ? "" : " now"}`;
      });
      return [`reboots ${operations?.rebootCounter}`, ...texts].join(", ");
    }
    default:
      return step.kind;
  }
}

const ASKED = [5, 4] as const;
const REPAVE = [5, 4, 2, 1] as const;
const CASES: readonly (readonly [name: string, of: Machine, facts: PowerFacts, wanted: string])[] = [
  ["at rest nothing is asked", machine([5, 5]), { ...seen("On"), look: undefined }, "rest"],
  ["at rest after a start the override is cleared", machine([5, 5]), NO_FACTS, "boot own order"],
  ["at rest with a repave pending the override is the network", machine([5, 5, 2, 1]), seen("On"), "boot Pxe"],
  ["nothing was asked of the BMC yet", machine(ASKED), NO_FACTS, "look"],
  [
    "a look of 6 s ago counts no more",
    machine(ASKED),
    seen("On", { look: { power: "On", fingerprint: "", atMs: NOW - 6000 } }),
    "look",
  ],
  ["a reboot begins with the boot order", machine(ASKED), seen("On", { boot: undefined }), "boot own order"],
  ["of each cycle anew", machine(ASKED), seen("On", {}, 4), "boot own order"],
  ["a repave begins with the network", machine(REPAVE), seen("On"), "boot Pxe"],
  [
    "a machine that runs: PoweredOff False/PoweringOff",
    machine(ASKED),
    seen("On"),
    'reboots 4, PoweredOff False/PoweringOff "target reboots: 5" now',
  ],
  [
    "a machine that is off already: True/ForceOff",
    machine(ASKED),
    seen("Off"),
    'reboots 4, PoweredOff True/ForceOff "target reboots: 5" now',
  ],
  ["off is believed when seen twice", machine(ASKED), seen("Off", { offLooks: 1 }), "look"],
  ["unknown states are waited for (11.10)", machine(ASKED), seen("Unknown"), "wait 1000"],
  ["a machine that comes up is waited for", machine(ASKED), seen("PoweringOn"), "wait 1000"],
  ["a paused machine is waited for", machine(ASKED), seen("Paused"), "wait 1000"],
  [
    "a repave clears CloudInitDone and an older Repaved False",
    machine(REPAVE, [{ type: "CloudInitDone" }, { type: "Repaved" }, { type: "SSHReachable" }]),
    seen("On", repaving),
    'reboots 4, SSHReachable False/x "", PoweredOff False/PoweringOff "target reboots: 5" now',
  ],
  [
    "a repave keeps Repaved True of the one before",
    machine(REPAVE, [{ type: "Repaved", status: "True" }]),
    seen("On", repaving),
    'reboots 4, Repaved True/x "", PoweredOff False/PoweringOff "target reboots: 5" now',
  ],
  [
    "a reboot keeps CloudInitDone",
    machine(ASKED, [{ type: "CloudInitDone" }]),
    seen("On"),
    'reboots 4, CloudInitDone False/x "", PoweredOff False/PoweringOff "target reboots: 5" now',
  ],

  ["PoweringOff is written: now off is sent", machine(ASKED, [off()]), seen("On"), "power Off"],
  [
    "of the highest counter too: now off is sent",
    machine([Number.MAX_SAFE_INTEGER, 4], [off(`target reboots: ${Number.MAX_SAFE_INTEGER}`)]),
    seen("On", {}, Number.MAX_SAFE_INTEGER),
    "power Off",
  ],
  ["after a restart off is sent again", machine(ASKED, [off()]), seen("On", sentOn(9e6)), "power Off"],
  ["off was sent: wait", machine(ASKED, [off()]), seen("On", sentOff(4000)), "wait 1000"],
  [
    "right after off was sent not even a look",
    machine(ASKED, [off()]),
    { ...seen("On", sentOff(400)), look: undefined },
    "wait 600",
  ],
  ["polls slow down", machine(ASKED, [off()]), seen("On", { ...sentOff(4000), polls: 4 }), "wait 5000"],
  ["to 15 s", machine(ASKED, [off()]), seen("On", { ...sentOff(4000), polls: 400 }), "wait 15000"],
  ["the machine goes off: wait", machine(ASKED, [off()]), seen("PoweringOff", sentOff(9000)), "wait 1000"],
  [
    "a system that was asked to shut down has a minute",
    machine(ASKED, [off()]),
    seen("On", askedOff(59_999)),
    "wait 1000",
  ],
  [
    "then it is named as what is waited for",
    machine(ASKED, [off()]),
    seen("On", askedOff(60_000)),
    `reboots 4, PoweredOff False/PoweringOff "${STILL_ON}"`,
  ],
  ["once", machine(ASKED, [off(STILL_ON)]), seen("On", askedOff(61_000)), "wait 1000"],
  [
    "off was sent after all: what kept it from that is not said any more",
    machine(ASKED, [off("target reboots: 5: BMC gone")]),
    seen("On", sentOff(4000)),
    'reboots 4, PoweredOff False/PoweringOff "target reboots: 5"',
  ],
  [
    "once: looks that fail now and then do not make it come and go",
    machine(ASKED, [off("target reboots: 5: BMC gone")]),
    recorded(seen("On", sentOff(4000))),
    "wait 1000",
  ],
  [
    "it is said until then",
    machine(ASKED, [off("target reboots: 5: BMC gone")]),
    seen("On"),
    "power Off",
  ],
  [
    "nor is it once on was sent",
    machine(ASKED, [on("target reboots: 5: BMC gone")]),
    seen("Off", sentOn(4000)),
    'reboots 4, PoweredOff True/PoweringOn "target reboots: 5"',
  ],
  ["and asked again after 5 min", machine(ASKED, [off(STILL_ON)]), seen("On", askedOff(RETRY_MS)), "power Off"],
  ["after 5 min off is sent again", machine(ASKED, [off()]), seen("On", sentOff(RETRY_MS)), "power Off"],
  [
    "and the time starts anew",
    machine(ASKED, [{ ...off(), lastTransitionTime: "2026-11-23T08:54:00Z" }]),
    seen("On", sentOff(0)),
    'reboots 4, PoweredOff False/PoweringOff "target reboots: 5" now',
  ],
  ["or where the clock was set back by more", machine(ASKED, [off()]), seen("On", sentOff(-RETRY_MS)), "power Off"],
  ["not where it was by less", machine(ASKED, [off()]), seen("On", sentOff(1000 - RETRY_MS)), "wait 1000"],
  [
    "the time that starts anew is one of now, once",
    machine(ASKED, [{ ...off(), lastTransitionTime: "2026-11-23T10:00:00Z" }]),
    seen("On", sentOff(-36e5)),
    'reboots 4, PoweredOff False/PoweringOff "target reboots: 5" now',
  ],
  [
    "what was sent by a clock that was set back since is sent again",
    machine(ASKED, [{ ...off(), lastTransitionTime: "2026-11-23T09:00:00Z" }]),
    seen("On", sentOff(-36e5)),
    "power Off",
  ],
  [
    "what was sent long before the time started anew, as the BMC was away meanwhile, is sent again",
    machine(ASKED, [{ ...off(), lastTransitionTime: LATER }]),
    seen("On", sentOff(6 * 60_000)),
    "power Off",
  ],
  [
    "a repetition that the BMC refuses: the cause stays until it is taken",
    machine(ASKED, [off("target reboots: 5: BMC gone")]),
    seen("On", sentOff(RETRY_MS)),
    "power Off",
  ],
  ["after 5 min on its way off too", machine(ASKED, [off()]), seen("PoweringOff", sentOff(RETRY_MS)), "power Off"],
  ["an unknown state is never acted on", machine(ASKED, [off()]), seen("Unknown", sentOff(RETRY_MS)), "wait 1000"],
  [
    "a newer counter is taken over",
    machine([6, 4], [off()]),
    seen("On", sentOff(4000), 6),
    'reboots 4, PoweredOff False/PoweringOff "target reboots: 6"',
  ],
  [
    "a counter taken back: wait, off may be on its way",
    machine([4, 4], [off()]),
    seen("On", sentOff(4000)),
    "wait 1000",
  ],
  [
    "a counter taken back, and the machine stays on: over",
    machine([4, 4], [{ ...off(), lastTransitionTime: "2026-11-23T08:55:00Z" }]),
    seen("On"),
    "reboots 4",
  ],
  [
    "a counter taken back, and the clock set back since off was sent: wait, off may be on its way",
    machine([4, 4], [off()]),
    seen("On", sentOff(-RETRY_MS)),
    "wait 1000",
  ],
  [
    "a counter taken back, but it went off: on again",
    machine([4, 4], [off()]),
    seen("Off"),
    'reboots 4, PoweredOff True/ForceOff "target reboots: 5" now',
  ],
  [
    "off is seen: True/ForceOff",
    machine(ASKED, [off()]),
    seen("Off"),
    'reboots 4, PoweredOff True/ForceOff "target reboots: 5" now',
  ],
  [
    "and what keeps it from going on is not said any more",
    machine(ASKED, [off("target reboots: 5: BMC gone")]),
    seen("Off"),
    'reboots 4, PoweredOff True/ForceOff "target reboots: 5" now',
  ],

  [
    "ForceOff is written: True/PoweringOn",
    machine(ASKED, [wasOff()]),
    seen("Off"),
    'reboots 4, PoweredOff True/PoweringOn "target reboots: 5"',
  ],
  [
    "the boot order before power on, after a restart",
    machine(ASKED, [wasOff()]),
    seen("Off", { boot: undefined }),
    "boot own order",
  ],
  ["a repave asked for while it is off: the network", machine(REPAVE, [wasOff()]), seen("Off"), "boot Pxe"],
  [
    "a newer counter waits for the next cycle",
    machine([6, 4], [wasOff()]),
    seen("Off"),
    'reboots 4, PoweredOff True/PoweringOn "target reboots: 5"',
  ],
  ["somebody else switched it on: done", machine(ASKED, [wasOff()]), seen("On"), "reboots 5"],
  ["a state in between is waited for", machine(ASKED, [wasOff()]), seen("PoweringOff"), "wait 1000"],

  ["PoweringOn is written: now on is sent", machine(ASKED, [on()]), seen("Off", sentOff(4000)), "power On"],
  ["on was sent: wait", machine(ASKED, [on()]), seen("Off", sentOn(4000)), "wait 1000"],
  ["it comes up: wait", machine(ASKED, [on()]), seen("PoweringOn", sentOn(4000)), "wait 1000"],
  ["after 5 min on is sent again", machine(ASKED, [on()]), seen("Off", sentOn(RETRY_MS)), "power On"],
  [
    "and the time starts anew",
    machine(ASKED, [{ ...on(), lastTransitionTime: "2026-11-23T08:54:00Z" }]),
    seen("Off", sentOn(0)),
    'reboots 4, PoweredOff True/PoweringOn "target reboots: 5" now',
  ],
  ["on is seen: counted, condition gone", machine(ASKED, [on()]), seen("On"), "reboots 5"],
  ["on is seen, a newer counter remains", machine([9, 4], [on()]), seen("On"), "reboots 5"],
  ["on is seen, the counter was taken back: not counted", machine([4, 4], [on()]), seen("On"), "reboots 4"],
  [
    "on is seen, the counter was lowered: to what is asked for",
    machine([5, 3], [on("target reboots: 9")]),
    seen("On", {}, 9),
    "reboots 5",
  ],
  ["a counter never goes back", machine([8, 6], [on("target reboots: 5")]), seen("On"), "reboots 6"],
  [
    "on with a repave pending: Repaved False/Pending",
    machine(REPAVE, [on()]),
    seen("On", repaving),
    'reboots 5, Repaved False/Pending "image=i:v1" now',
  ],
  [
    "on with a repave that is done: Repaved stays",
    machine([5, 4, 2, 2], [on(), { type: "Repaved", status: "True" }]),
    seen("On"),
    'reboots 5, Repaved True/x ""',
  ],
  [
    "a second try has a time of its own",
    machine(REPAVE, [on(), { type: "Repaved", reason: "Pending" }]),
    seen("On", repaving),
    'reboots 5, Repaved False/Pending "image=i:v1" now',
  ],
  [
    "a condition that nobody of us wrote is finished all the same",
    machine([5, 4], [{ type: "PoweredOff", status: "Unknown", message: "?" }]),
    seen("On"),
    'reboots 4, PoweredOff False/PoweringOff "target reboots: 5" now',
  ],

  [
    "BootOrderConfigSupported False/NotSupported",
    machine(ASKED),
    seen("On", { boot: { plan: { kind: "own order" }, cycle: 5, atMs: NOW, notSupported: "no override" } }),
    'reboots 4, BootOrderConfigSupported False/NotSupported "no override" now',
  ],
  [
    "BootOrderConfigSupported False: the cycle goes on",
    machine(ASKED, [{ type: "BootOrderConfigSupported", reason: "NotSupported", message: "no" }, off()]),
    seen("On", { boot: { plan: { kind: "own order" }, cycle: 5, atMs: NOW, notSupported: "no" } }),
    "power Off",
  ],
  [
    "BootOrderConfigSupported is removed when the BMC can (11.8)",
    machine([5, 5], [{ type: "BootOrderConfigSupported", reason: "NotSupported" }]),
    seen("On"),
    "reboots 5",
  ],
  [
    "a BMC that cannot is asked again after an hour (11.8)",
    machine([5, 5], [{ type: "BootOrderConfigSupported", reason: "NotSupported", message: "no" }]),
    { ...NO_FACTS, boot: { plan: { kind: "own order" }, cycle: 5, atMs: NOW - UNSUPPORTED_MS, notSupported: "no" } },
    "boot own order",
  ],
  ["and not before", machine([5, 5], [{ type: "BootOrderConfigSupported", reason: "NotSupported", message: "no" }]), {
    ...NO_FACTS,
    boot: { plan: { kind: "own order" }, cycle: 5, atMs: NOW - 1000, notSupported: "no" },
  }, `wait ${UNSUPPORTED_MS - 1000}`],
];
for (const [name, of, facts, wanted] of CASES) {
  Deno.test(`powerStep() ${name} (contract 2, 9)`, () => equal(short(of, facts), wanted));
}

Deno.test("powerStep() writes the pin before anything is done, and keeps the rest of status.redfish (contract 9)", () => {
  const unpinned = readMachine({ ...machine(ASKED).object, status: { redfish: { other: 1 } } }).machine;
  equal(powerStep(unpinned, NO_FACTS, NOW).kind, "look");
  const step = powerStep(unpinned, { ...NO_FACTS, look: { power: "On", fingerprint: "ab:cd", atMs: NOW } }, NOW);
  ok(step.kind === "record");
  deepEqual(step.status, { redfish: { other: 1, certFingerprint: "ab:cd" } });
});

Deno.test("powerStep() boots by UEFI HTTP where the Machine says so", () => {
  const of = machine(REPAVE);
  const http: Machine = { ...of, redfish: { ...of.redfish!, bootTarget: "UefiHttp" } };
  equal(short(http, seen("On", repaving)), "boot UefiHttp");
});

Deno.test("what was sent in one cycle counts for nothing in the next, whose machine may be off already", () => {
  const facts = seen("Off", sentOn(4000));
  equal(stepping(facts, cycleOf(machine(ASKED, [on()]))).sent, facts.sent);
  equal(stepping(facts, cycleOf(machine(ASKED))).sent, undefined);
  equal(stepping(facts, cycleOf(machine([5, 5]))).sent, undefined);
});

Deno.test("powerStep() never switches a machine that no counter and no condition asks for", () => {
  for (const power of ["On", "Off", "PoweringOn", "PoweringOff", "Paused", "Unknown"] as const) {
    for (const sent of [{}, sentOff(RETRY_MS), sentOn(RETRY_MS)]) {
      equal(short(machine([5, 5, 2, 1]), seen(power, { ...repaving, ...sent })), "rest");
      equal(short(machine([4, 5]), seen(power, sent)), "rest");
    }
  }
});

for (
  const [name, conditions, wanted] of [
    ["before the first write", [], ["False/PoweringOff", "target reboots: 5: BMC gone"]],
    ["while it goes off", [off()], ["False/PoweringOff", "target reboots: 5: BMC gone"]],
    ["while it is off", [wasOff("target reboots: 5: busy")], ["True/ForceOff", "target reboots: 5: BMC gone"]],
    ["while it comes up", [on()], ["True/PoweringOn", "target reboots: 5: BMC gone"]],
  ] as const
) {
  Deno.test(`troubled() says what keeps a reboot from going on ${name}; tools still find the counter (contract 2)`, () => {
    const of = machine(ASKED, [...conditions]);
    const status = troubled(of, "BMC gone", NOW)!;
    const [condition] = status.conditions!;
    deepEqual([`${condition?.status}/${condition?.reason}`, condition?.message], wanted);
    equal(condition?.lastTransitionTime, conditions.length === 0 ? LATER : AT);
    const again = readMachine({ ...of.object, status }).machine;
    equal(troubled(again, "BMC gone", NOW), undefined, "the same is not written twice");
    equal(cycleOf(again)?.begun, 5);
  });
}

Deno.test("troubled() writes nothing about a machine at rest", () => {
  equal(troubled(machine([5, 5]), "BMC gone", NOW), undefined);
});

import { deepEqual, equal } from "node:assert/strict";
import fc from "fast-check";
import type { Condition, MachineObject } from "../../machine/types.ts";
import { advance, type Goal, newLines, NOTHING_SEEN, type Progress, standing } from "./steps.ts";

const condition = (type: string, status: string, reason: string, message = "", at = 1): Condition =>
  ({ type, status, reason, message, lastTransitionTime: `2026-01-01T00:00:0${at}Z` }) as Condition;

/** A Machine that was asked for its 5th reboot and 3rd repave. */
function machine(status: {
  reboots?: number;
  repaves?: number;
  conditions?: Condition[];
  [field: string]: unknown;
}, spec: Record<string, unknown> = {}): MachineObject {
  const { reboots = 4, repaves = 2, conditions = [], ...rest } = status;
  return {
    metadata: { name: "node-01", uid: "u" },
    spec: {
      pxe: { image: "img:v1", redfish: { url: "https://bmc" } },
      operations: { rebootCounter: 5, repaveCounter: 3 },
      ...spec,
    },
    status: { operations: { rebootCounter: reboots, repaveCounter: repaves }, conditions, ...rest },
  };
}

const OFF_ASKED = condition("PoweredOff", "False", "PoweringOff", "target reboots: 5");
const OFF = condition("PoweredOff", "True", "ForceOff", "target reboots: 5");
const ON_ASKED = condition("PoweredOff", "True", "PoweringOn", "target reboots: 5");
const PENDING = condition("Repaved", "False", "Pending", "image=img:v1");
const REPAVED = condition("Repaved", "True", "Succeeded", "image=img:v1");
const RUNNING = condition("CloudInitDone", "False", "Running", 'stage "init-local" started: x', 2);
const BOOTED = condition("CloudInitDone", "True", "Succeeded", "cloud-init completed successfully", 3);

const BEGIN = machine({});
const OFFING = machine({ conditions: [OFF_ASKED] });
const WAS_OFF = machine({ conditions: [OFF] });
const ONING = machine({ conditions: [ON_ASKED] });
const INSTALLING = machine({ reboots: 5, conditions: [PENDING] });
const INSTALLED = machine({ reboots: 5, repaves: 3, conditions: [REPAVED] });
const STARTING = machine({ reboots: 5, repaves: 3, conditions: [REPAVED, RUNNING] });
const UP = machine({ reboots: 5, repaves: 3, conditions: [REPAVED, BOOTED] });
const CYCLE = [BEGIN, OFFING, WAS_OFF, ONING];

const REPAVE: Goal = { kind: "repave", until: "power", uid: "u", rebootCounter: 5, repaveCounter: 3 };
const REBOOT: Goal = { ...REPAVE, kind: "reboot", repaveCounter: 2 };
const POWER = ["Powering off...", "Powered off", "Powering on...", "Powered on"];
const INSTALL = ["Installing...", "Installed"];

/** What is printed, and how it ended. */
function follow(goal: Goal, seen: readonly (MachineObject | undefined)[]): [lines: string[], progress: Progress] {
  let progress = NOTHING_SEEN;
  const lines: string[] = [];
  for (const object of seen) {
    const next = advance(progress, object, goal);
    lines.push(...newLines(progress, next));
    progress = next;
  }
  return [lines, progress];
}

interface Case {
  readonly name: string;
  readonly goal: Goal;
  readonly seen: readonly (MachineObject | undefined)[];
  readonly lines: readonly string[];
  /** `done`, `waiting`, or why it failed. */
  readonly end: string;
}

const failedRepave = condition(
  "Repaved",
  "False",
  "Failed",
  "image=img:v1: gave up after 5 attempts; no DHCP request seen",
);
const WANTED_BACK = { operations: { rebootCounter: 4, repaveCounter: 2 } };

const CASES: readonly Case[] = [
  {
    name: "repave prints the steps of contract 3 and ends when the counter reaches its target",
    ...{ goal: REPAVE, seen: [...CYCLE, INSTALLING], lines: [...POWER, "ready"], end: "done" },
  },
  {
    name: "states that nobody saw have been there all the same",
    ...{ goal: REPAVE, seen: [BEGIN, ONING, INSTALLING], lines: [...POWER, "ready"], end: "done" },
  },
  {
    name: "all over at the first look",
    ...{ goal: REBOOT, seen: [INSTALLED], lines: [...POWER, "ready"], end: "done" },
  },
  { name: "nothing begun", goal: REPAVE, seen: [BEGIN, BEGIN], lines: [], end: "waiting" },
  {
    name: "a machine that was off already",
    ...{ goal: REBOOT, seen: [BEGIN, WAS_OFF], lines: POWER.slice(0, 2), end: "waiting" },
  },
  {
    name: "PoweredOff gone and the counter not there yet: still powering on",
    ...{ goal: REBOOT, seen: [...CYCLE, BEGIN], lines: POWER.slice(0, 3), end: "waiting" },
  },
  {
    name: "an earlier reboot goes first and its steps are not ours",
    goal: REBOOT,
    seen: [machine({ reboots: 3, conditions: [{ ...ON_ASKED, message: "target reboots: 4" }] }), BEGIN, OFFING],
    lines: ["a reboot that was asked for earlier goes first", "Powering off..."],
    end: "waiting",
  },
  {
    name: "a cycle that takes over more than was asked for is ours too",
    goal: REBOOT,
    seen: [machine({ conditions: [{ ...OFF_ASKED, message: "target reboots: 9" }] })],
    lines: ["Powering off..."],
    end: "waiting",
  },
  {
    name: "--until=installed waits for /pxe/disable",
    goal: { ...REPAVE, until: "installed" },
    seen: [...CYCLE, INSTALLING, STARTING],
    lines: [...POWER, ...INSTALL, "ready"],
    end: "done",
  },
  {
    name: "Repaved True of the repave before does not count",
    goal: { ...REPAVE, until: "installed" },
    seen: [machine({ reboots: 5, conditions: [REPAVED] })],
    lines: [...POWER, "Installing..."],
    end: "waiting",
  },
  {
    name: "--until=ready waits for cloud-init's last stage",
    goal: { ...REPAVE, until: "ready" },
    seen: [...CYCLE, INSTALLING, INSTALLED, STARTING, UP],
    lines: [...POWER, ...INSTALL, "Starting...", "ready"],
    end: "done",
  },
  {
    name: "CloudInitDone of before the reboot does not count",
    goal: { ...REBOOT, until: "ready", cloudInitBefore: BOOTED.lastTransitionTime },
    seen: [UP],
    lines: [...POWER, "Starting..."],
    end: "waiting",
  },
  {
    name: "CloudInitDone of after the reboot does",
    goal: { ...REBOOT, until: "ready", cloudInitBefore: "2025-01-01T00:00:00Z" },
    seen: [...CYCLE, STARTING, UP],
    lines: [...POWER, "Starting...", "ready"],
    end: "done",
  },
  {
    name: "a BMC that fails: the cause is said once and said again when it changes",
    goal: REPAVE,
    seen: [
      machine({ conditions: [{ ...OFF_ASKED, message: "target reboots: 5: https://bmc: ECONNREFUSED" }] }),
      machine({ conditions: [{ ...OFF_ASKED, message: "target reboots: 5: https://bmc: ECONNREFUSED" }] }),
      machine({ conditions: [{ ...OFF_ASKED, message: "target reboots: 5: wrong password" }] }),
    ],
    lines: ["https://bmc: ECONNREFUSED", "wrong password"],
    end: "waiting",
  },
  {
    name: "a BMC that is reached after all: powering off is said once it was told",
    goal: REBOOT,
    seen: [
      machine({ conditions: [{ ...OFF_ASKED, message: "target reboots: 5: wrong password" }] }),
      OFFING,
      machine({ conditions: [{ ...OFF_ASKED, message: "target reboots: 5: no route" }] }),
      WAS_OFF,
    ],
    lines: ["wrong password", "Powering off...", "no route", "Powered off"],
    end: "waiting",
  },
  {
    name: "Repaved Failed ends the wait with what was seen last",
    goal: { ...REPAVE, until: "installed" },
    seen: [...CYCLE, INSTALLING, machine({ reboots: 5, conditions: [failedRepave] })],
    lines: [...POWER, "Installing..."],
    end: failedRepave.message,
  },
  {
    name: "Repaved Failed of the repave before does not",
    goal: { ...REPAVE, until: "installed" },
    seen: [machine({ conditions: [failedRepave] }), machine({ conditions: [OFF_ASKED, failedRepave] })],
    lines: ["Powering off..."],
    end: "waiting",
  },
  {
    name: "a repave that is tried again says so, and takes no step back",
    goal: { ...REPAVE, until: "installed" },
    seen: [INSTALLING, BEGIN, OFFING, INSTALLING, INSTALLED],
    lines: [...POWER, "Installing...", "not installed in time; it is rebooted to try again", "Installed", "ready"],
    end: "done",
  },
  {
    name: "a BMC that cannot set the boot order",
    goal: { ...REPAVE, until: "installed" },
    seen: [machine({ conditions: [OFF_ASKED, condition("BootOrderConfigSupported", "False", "NotSupported", "501")] })],
    lines: ["Powering off...", "the BMC cannot set the boot order: 501"],
    end: "waiting",
  },
  {
    name: "a deleted Machine",
    ...{ goal: REPAVE, seen: [OFFING, undefined], lines: ["Powering off..."], end: "the Machine was deleted" },
  },
  {
    name: "another Machine of the same name",
    goal: REPAVE,
    seen: [{ ...UP, metadata: { name: "node-01", uid: "other" } }],
    lines: [],
    end: "the Machine was deleted",
  },
  {
    name: "a counter that somebody took back",
    goal: REPAVE,
    seen: [OFFING, machine({}, WANTED_BACK)],
    lines: ["Powering off..."],
    end: "somebody has set spec.operations.rebootCounter back to 4",
  },
  {
    name: "a BMC that somebody removed",
    ...{ goal: REPAVE, seen: [machine({}, { pxe: {} })], lines: [], end: "somebody has removed spec.pxe.redfish" },
  },
  {
    name: "cloud-init's last stage has failed: nothing comes after it",
    goal: { ...REBOOT, until: "ready" },
    seen: [machine({
      reboots: 5,
      conditions: [
        condition("CloudInitDone", "False", "Failed", 'stage "modules-final" failed with result "FAIL": x'),
      ],
    })],
    lines: [...POWER, "Starting..."],
    end: 'cloud-init: stage "modules-final" failed with result "FAIL": x',
  },
  {
    name: "an earlier stage has failed: others come",
    goal: { ...REBOOT, until: "ready" },
    seen: [machine({
      reboots: 5,
      conditions: [condition("CloudInitDone", "False", "Failed", 'stage "init-network" failed with result "WARN": x')],
    })],
    lines: [...POWER, "Starting...", 'cloud-init: stage "init-network" failed with result "WARN": x'],
    end: "waiting",
  },
];

for (const { name, goal, seen, lines, end } of CASES) {
  Deno.test(`advance(): ${name}`, () => {
    const [printed, { outcome }] = follow(goal, seen);
    deepEqual(printed, lines);
    equal(outcome.kind === "failed" ? outcome.reason : outcome.kind, end);
  });
}

Deno.test("standing() says where a machine is and what hinders it", () => {
  equal(standing(NOTHING_SEEN), "waiting for metalman to begin");
  const cause = machine({ conditions: [{ ...OFF_ASKED, message: "target reboots: 5: no route" }] });
  equal(standing(follow(REPAVE, [cause])[1]), "no route");
  equal(standing(follow(REPAVE, [OFFING, cause])[1]), "Powering off... (no route)");
  equal(standing(follow(REPAVE, [OFFING, undefined])[1]), "Powering off... (the Machine was deleted)");
});

Deno.test("advance() never takes a step back or prints one twice, whatever comes in whatever order", () => {
  const states = [...CYCLE, INSTALLING, INSTALLED, STARTING, machine({ reboots: 5, conditions: [failedRepave] })];
  const goals = (["power", "installed", "ready"] as const).map((until) => ({ ...REPAVE, until }));
  fc.assert(
    fc.property(fc.array(fc.constantFrom(...states)), fc.constantFrom(...goals), (seen, goal) => {
      let progress = NOTHING_SEEN;
      for (const object of seen) {
        const next = advance(progress, object, goal);
        deepEqual(next.steps.slice(0, progress.steps.length), progress.steps);
        if (progress.outcome.kind !== "waiting") deepEqual(next, progress);
        progress = next;
      }
      equal(new Set(progress.steps).size, progress.steps.length);
    }),
    { numRuns: 200 },
  );
});

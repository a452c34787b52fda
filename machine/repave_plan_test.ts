import { deepEqual, equal, ok } from "node:assert/strict";
import { formatTime } from "./conditions.ts";
import { type RepaveLimits, repaveStep } from "./repave_plan.ts";
import { type Condition, type Machine, readMachine, type RepaveCount } from "./types.ts";

const MINUTE = 60_000;
const NOW = Date.parse("2026-11-23T09:00:00Z");
const LIMITS: RepaveLimits = { timeoutMs: 30 * MINUTE, maxAttempts: 5 };
const SEEN = "no DHCP request was seen";

interface Case {
  readonly minutes?: number;
  readonly repave?: RepaveCount;
  readonly repaves?: readonly [wanted: number, done: number];
  readonly reboots?: readonly [wanted: number, done: number];
  readonly repaved?: Partial<Condition>;
  readonly others?: readonly Partial<Condition>[];
  readonly redfish?: unknown;
}

function machine(
  { minutes = 0, repave, repaves = [3, 2], reboots = [9, 9], repaved = {}, others = [], ...more }: Case,
): Machine {
  const pending = {
    type: "Repaved",
    status: "False",
    reason: "Pending",
    message: "image=i:v1",
    lastTransitionTime: formatTime(NOW - minutes * MINUTE),
    ...repaved,
  };
  const bmc = { url: "https://bmc", username: "u", passwordRef: { name: "n", namespace: "s" } };
  const redfish = "redfish" in more ? more.redfish : bmc;
  return readMachine({
    metadata: { name: "node-01", generation: 7 },
    spec: { pxe: { image: "i:v1", redfish }, operations: { rebootCounter: reboots[0], repaveCounter: repaves[0] } },
    status: {
      phase: "Provisioning",
      operations: { rebootCounter: reboots[1], repaveCounter: repaves[1] },
      ...(repave === undefined ? {} : { repave }),
      conditions: [pending, ...others] as Condition[],
    },
  }).machine;
}

function short(of: Machine, remembered?: RepaveCount, limits = LIMITS): string {
  const step = repaveStep(of, { remembered, seen: SEEN, limits, nowMs: NOW });
  if (step.kind === "none") return "none";
  if (step.kind === "later") return `later ${step.afterMs / MINUTE}`;
  const { operations, repave, conditions, phase } = step.status;
  equal(phase, "Provisioning", "nothing else of the status is touched");
  const texts = conditions!.map((c) => `${c.type} ${c.status}/${c.reason} ${c.message}`);
  return [step.kind, `reboots ${operations?.rebootCounter}`, `attempts ${repave?.attempts}`, ...texts].join(", ");
}

const at = (attempts: number, counter = 3) => ({ repave: { counter, attempts } });
const FAILED = { reason: "Failed", message: "image=i:v1: gave up after 5 attempts; x" };
const CASES: readonly (readonly [name: string, of: Case, wanted: string])[] = [
  ["within its 30 min", { minutes: 29 }, "later 1"],
  ["of the future has 30 min at most", { minutes: -600 }, "later 30"],
  ["after 30 min: condition removed, counter one less", { minutes: 30 }, "retry, reboots 8, attempts 1"],
  ["leaves other conditions alone", {
    minutes: 30,
    others: [{ type: "SSHReachable", status: "True", reason: "r", message: "m" }],
  }, "retry, reboots 8, attempts 1, SSHReachable True/r m"],
  [
    "boots again even where the counter was lowered meanwhile",
    { minutes: 30, reboots: [4, 9] },
    "retry, reboots 3, attempts 1",
  ],
  ["of a second try has no less time", { minutes: 34, ...at(1) }, "later 1"],
  ["of a second try pauses 5 min", { minutes: 35, ...at(1) }, "retry, reboots 8, attempts 2"],
  ["of a third try pauses 10 min", { minutes: 39, ...at(2) }, "later 1"],
  ["of a fourth try pauses 20 min", { minutes: 50, ...at(3) }, "retry, reboots 8, attempts 4"],
  ["of a fifth try pauses 40 min", { minutes: 69, ...at(4) }, "later 1"],
  [
    "gives up after the fifth try and says what was seen",
    { minutes: 70, ...at(4) },
    `give up, reboots 9, attempts 5, Repaved False/Failed image=i:v1: gave up after 5 attempts; ${SEEN}`,
  ],
  [
    "gives up after one more, where somebody rebooted it since",
    { minutes: 90, ...at(5) },
    `give up, reboots 9, attempts 6, Repaved False/Failed image=i:v1: gave up after 6 attempts; ${SEEN}`,
  ],
  ["starts afresh with a new counter", { minutes: 30, ...at(5, 2) }, "retry, reboots 8, attempts 1"],
  ["that failed stays so", { minutes: 9000, repaved: FAILED, ...at(5) }, "none"],
  ["that failed is forgotten with a new counter", { repaved: FAILED, ...at(5, 2) }, "forget, reboots 9, attempts 5"],
  ["that is done is left alone", { minutes: 90, repaves: [3, 3] }, "none"],
  ["that succeeded is left alone", { minutes: 90, repaved: { status: "True", reason: "Succeeded" } }, "none"],
  ["waits for a reboot that is asked for", { minutes: 90, reboots: [10, 9] }, "none"],
  ["waits for a power cycle that is under way", {
    minutes: 90,
    others: [{ type: "PoweredOff", status: "True", reason: "ForceOff", message: "" }],
  }, "none"],
  ["without a BMC cannot be tried again", { minutes: 90, redfish: undefined }, "none"],
  [
    "with a time that cannot be read is over",
    { repaved: { lastTransitionTime: "soon" } },
    "retry, reboots 8, attempts 1",
  ],
];
for (const [name, of, wanted] of CASES) {
  Deno.test(`repaveStep(): an installation ${name} (contract 9, 11.9)`, () => equal(short(machine(of)), wanted));
}

Deno.test("repaveStep() counts on where the CRD drops status.repave", () => {
  const dropped = machine({ minutes: 34 });
  equal(short(dropped, { counter: 3, attempts: 1 }), "later 1");
  equal(short(dropped, { counter: 2, attempts: 4 }), "retry, reboots 8, attempts 1");
  equal(short(machine({ repaved: FAILED }), { counter: 3, attempts: 5 }), "none");
  equal(short(machine({ repaved: FAILED })), "none");
});

Deno.test("repaveStep() is endless with 0 attempts, and pauses no longer than 60 min", () => {
  const endless = { ...LIMITS, maxAttempts: 0 };
  equal(short(machine({ minutes: 89, ...at(1000) }), undefined, endless), "later 1");
  equal(short(machine({ minutes: 90, ...at(1000) }), undefined, endless), "retry, reboots 8, attempts 1001");
});

Deno.test("repaveStep() gives up at once with 1 attempt, in a message of bounded length", () => {
  const nowMs = NOW;
  const limits = { ...LIMITS, maxAttempts: 1 };
  const step = repaveStep(machine({ minutes: 30 }), { remembered: undefined, seen: "x".repeat(5000), limits, nowMs });
  ok(step.kind === "give up");
  const { message } = step.status.conditions![0]!;
  deepEqual([message.slice(0, 40), message.length], ["image=i:v1: gave up after 1 attempt; xxx", 1024]);
});

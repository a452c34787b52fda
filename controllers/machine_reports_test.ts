import { deepEqual, equal } from "node:assert/strict";
import { FakeClock } from "../base/clock.ts";
import { MemoryLogger } from "../base/log.ts";
import type { Decide, WriteOutcome } from "../k8s/status.ts";
import { type CloudInitEvent, STALL_MS } from "../machine/reports.ts";
import { type Machine, type MachineObject, readMachine } from "../machine/types.ts";
import { MachineReports } from "./machine_reports.ts";

const START: CloudInitEvent = { name: "init-local", description: "searching", type: "start", result: "" };

function object(uid = "1"): MachineObject {
  return {
    metadata: { name: "a", uid, generation: 4 },
    spec: { pxe: { image: "i:v1", dhcpLeases: [] }, operations: { repaveCounter: 2 } },
    status: { operations: { repaveCounter: 1 } },
  };
}

const machineOf = (o: MachineObject): Machine => readMachine(o).machine;

/** Reports whose writes end when the test says so. */
function setUp() {
  const clock = new FakeClock(1_000_000_000_000);
  const writes: {
    slot: string;
    decide: Decide<MachineObject>;
    done: PromiseWithResolvers<WriteOutcome<MachineObject>>;
  }[] = [];
  const changed: string[] = [];
  const stored: MachineObject[] = [];
  const told: string[] = [];
  const seen: string[] = [];
  const reports = new MachineReports({
    clock,
    log: new MemoryLogger(),
    changed: (name) => changed.push(name),
    stored: (o) => stored.push(o),
    saw: (_, { kind }) => seen.push(kind),
    tell: ({ name }, severity, reason) => told.push(`${name} ${severity} ${reason}`),
    statuses: {
      write(_key, slot, decide) {
        const done = Promise.withResolvers<WriteOutcome<MachineObject>>();
        writes.push({ slot, decide, done });
        return done.promise;
      },
    },
  });
  return { clock, reports, writes, changed, stored, told, seen };
}

Deno.test("a report shows at once, and is the API's own once it is written (contract 11.15)", async () => {
  const { reports, writes, changed, stored, told } = setUp();
  reports.pxeDisable(machineOf(object()));
  deepEqual([changed, told, reports.waiting], [["a"], ["a Normal Installed"], 1]);
  const shown = reports.overlay(object());
  equal(shown.status?.operations?.repaveCounter, 2);
  deepEqual(shown.status?.conditions?.map((c) => [c.type, c.status, c.message]), [["Repaved", "True", "image=i:v1"]]);
  const written = { ...object(), status: writes[0]!.decide(object())! };
  writes[0]!.done.resolve({ kind: "written", object: written });
  await writes[0]!.done.promise;
  equal(stored[0], written);
  equal(reports.waiting, 0);
  const plain = object();
  equal(reports.overlay(plain), plain, "nothing is added any more");
});

Deno.test("a machine that says again that it is installed causes no write (contract 7)", () => {
  const { reports, writes, told, seen } = setUp();
  reports.pxeDisable(machineOf(object()));
  reports.pxeDisable(machineOf(reports.overlay(object())));
  deepEqual([writes.length, told.length, seen], [1, 1, ["installed", "installed"]]);
});

Deno.test("of a kind only the newest report waits, and an older write does not end it", async () => {
  const { reports, writes } = setUp();
  const machine = machineOf(object());
  reports.cloudInit(machine, START);
  reports.cloudInit(machine, { ...START, name: "modules-final", type: "finish", result: "SUCCESS" });
  writes[0]!.done.resolve({ kind: "written", object: object() });
  await writes[0]!.done.promise;
  equal(reports.waiting, 1);
  deepEqual(reports.overlay(object()).status?.conditions?.map((c) => c.reason), ["Succeeded"]);
});

Deno.test("what is seen of a boot waits as reports do, changes nothing that is served, and may go on", async () => {
  const { reports, writes, changed, stored } = setUp();
  const boot = { number: 1, steps: [] };
  const outcomes: string[] = [];
  const submit = () =>
    reports.boot(machineOf(object()), ({ status }) => ({ ...status, boot }), ({ kind }) => {
      outcomes.push(kind);
      if (outcomes.length === 1) submit();
    });
  submit();
  deepEqual([reports.waiting, changed], [1, []]);
  const plain = object();
  equal(reports.overlay(plain), plain);
  deepEqual(writes[0]!.decide(object())!.boot, boot);
  equal(writes[0]!.decide(object("2")), undefined);
  for (const [at, waiting] of [[0, 1], [1, 0]] as const) {
    writes[at]!.done.resolve({ kind: "written", object: object() });
    await writes[at]!.done.promise;
    equal(reports.waiting, waiting, "nobody may think meanwhile that all is written");
  }
  deepEqual([outcomes, stored.length], [["written", "written"], 1]);
});

Deno.test("cloud-init that fails is told, with the stage", () => {
  const { reports, told } = setUp();
  reports.cloudInit(machineOf(object()), { ...START, type: "finish", result: "SUCCESS" });
  reports.cloudInit(machineOf(object()), { ...START, type: "finish", result: "FAIL" });
  deepEqual(told, ["a Warning CloudInitFailed"]);
});

Deno.test("a Machine made again under the same name has reported nothing", () => {
  const { reports, writes } = setUp();
  reports.cloudInit(machineOf(object("1")), START);
  const another = object("2");
  equal(reports.overlay(another), another);
  equal(writes[0]!.decide(another), undefined);
});

Deno.test("cloud-init that runs for 5 minutes without a change is TimedOut, once (contract 2)", () => {
  const { reports, writes, clock, told } = setUp();
  equal(reports.checkStall(machineOf(object())), undefined);
  reports.cloudInit(machineOf(object()), START);
  const running = machineOf(reports.overlay(object()));
  equal(reports.checkStall(running), STALL_MS);
  clock.advance(STALL_MS - 1000);
  equal(reports.checkStall(running), 1000);
  const next = { ...START, name: "init" };
  reports.cloudInit(running, next);
  const later = machineOf(reports.overlay(object()));
  equal(reports.checkStall(later), STALL_MS, "a later stage starts the time anew, though its status is the same");
  clock.advance(STALL_MS);
  equal(reports.checkStall(later), undefined);
  const condition = writes.at(-1)!.decide(later.object)!.conditions![0]!;
  deepEqual([condition.status, condition.reason], ["Unknown", "TimedOut"]);
  equal(condition.message, "cloud-init did not complete within 5m0s");
  deepEqual(told, ["a Warning CloudInitTimedOut"]);
});

import { deepEqual, equal, rejects } from "node:assert/strict";
import { FakeClock } from "../base/clock.ts";
import { MemoryLogger } from "../base/log.ts";
import type { MachineObject } from "../machine/types.ts";
import { ReportWriter, type StatusChange, type WriteStatus } from "./report_writer.ts";

const machine: MachineObject = { metadata: { name: "a", uid: "1" }, status: {} };

/** Adds a number to status.seen, once. */
function see(n: number): StatusChange {
  return ({ status }) => {
    const seen = (status?.seen ?? []) as number[];
    return seen.includes(n) ? undefined : { ...status, seen: [...seen, n] };
  };
}

/** An API with one Machine; `gate` is awaited before each write. */
function fakeApi(gate: () => Promise<void> = async () => {}) {
  const api = { object: structuredClone(machine) as MachineObject | undefined, writes: 0 };
  const write: WriteStatus = async (_name, decide) => {
    await gate();
    if (api.object === undefined) return;
    const status = decide(api.object);
    if (status === undefined) return api.object;
    api.writes++;
    return api.object = { ...api.object, status };
  };
  return { api, write };
}

function writer(write: WriteStatus, clock = new FakeClock()) {
  const stored: MachineObject[] = [];
  const changed: string[] = [];
  const log = new MemoryLogger();
  const reports = new ReportWriter({
    write,
    clock,
    log,
    random: () => 0,
    changed: (name) => changed.push(name),
    stored: (object) => stored.push(object),
  });
  return { reports, stored, changed, log, clock };
}

Deno.test("a report shows at once and is written in order", async () => {
  const { api, write } = fakeApi();
  const { reports, stored, changed } = writer(write);
  await using _ = reports;
  reports.submit(machine, "x", see(1));
  reports.submit(machine, "x", see(2));
  deepEqual(reports.overlay(machine).status, { seen: [1, 2] });
  deepEqual(changed, ["a", "a"]);
  await reports.flushed(new AbortController().signal);
  deepEqual(api.object?.status, { seen: [1, 2] });
  equal(stored.at(-1), api.object);
  equal(reports.overlay(machine), machine, "nothing is added any more");
  equal(reports.waiting, 0);
});

Deno.test("an API outage of any length loses no report (contract 11.15)", async () => {
  let down = true;
  const { api, write } = fakeApi(() => down ? Promise.reject(new Error("connection refused")) : Promise.resolve());
  const { reports, clock, log } = writer(write);
  await using _ = reports;
  reports.submit(machine, "x", see(1));
  for (let tries = 1; tries <= 20; tries++) {
    while (clock.sleeping === 0) await Promise.resolve();
    equal(log.lines.length, tries);
    if (tries === 20) down = false;
    clock.advance(30_000);
  }
  await reports.flushed(new AbortController().signal);
  deepEqual(api.object?.status, { seen: [1] });
});

Deno.test("a Machine that is gone, or another of the same name, gets no report", async () => {
  const { api, write } = fakeApi();
  api.object = { metadata: { name: "a", uid: "2" } };
  const { reports } = writer(write);
  await using _ = reports;
  reports.submit(machine, "x", see(1));
  equal(reports.overlay(api.object), api.object);
  await reports.flushed(new AbortController().signal);
  equal(api.writes, 0);
  api.object = undefined;
  reports.submit(machine, "x", see(1));
  await reports.flushed(new AbortController().signal);
  equal(reports.waiting, 0);
});

Deno.test("waiting reports are bounded; the oldest of the kind gives way, others stay", async () => {
  const { reports } = writer(() => new Promise((_, reject) => reject(new Error("down"))));
  await using _ = reports;
  reports.submit(machine, "installed", see(-1));
  for (let n = 0; n < 500; n++) reports.submit(machine, "log", see(n));
  const seen = reports.overlay(machine).status?.seen as number[];
  equal(seen.length, 64);
  deepEqual([seen[0], seen.at(-1)], [-1, 499]);
});

Deno.test("flushed() gives up when told to", async () => {
  const { reports } = writer(() => new Promise((_, reject) => reject(new Error("down"))));
  await using _ = reports;
  reports.submit(machine, "x", see(1));
  const controller = new AbortController();
  const flushed = reports.flushed(controller.signal);
  controller.abort(new Error("20 s are over"));
  await rejects(flushed, /20 s are over/);
});

/** A process that leads, then another, then it again (contract 4): what it knew of BMCs is not true any more. */
import { deepEqual } from "node:assert/strict";
import { FakeClock } from "../../base/clock.ts";
import { MemoryLogger } from "../../base/log.ts";
import { PowerController } from "../../controllers/power.ts";
import { bootSet } from "../../machine/power_facts.ts";
import { readMachine } from "../../machine/types.ts";

const { machine } = readMachine({
  metadata: { name: "a", uid: "u", generation: 1, resourceVersion: "1" },
  spec: {
    pxe: {
      image: "i:v1",
      redfish: { url: "https://bmc", username: "u", passwordRef: { name: "n", namespace: "s", key: "password" } },
    },
    operations: { rebootCounter: 0, repaveCounter: 0 },
  },
  status: { redfish: { certFingerprint: "ab:cd" } },
});

Deno.test("a second term asks each BMC anew, though its Machine has not changed, and the sessions of the first are ended", async () => {
  const clock = new FakeClock(Date.parse("2026-11-23T09:00:00Z"));
  const calls: string[] = [];
  await using power = new PowerController({
    machines: { byName: () => machine },
    statuses: { write: () => Promise.resolve({ kind: "unchanged", object: machine.object }) },
    newest: () => Promise.resolve(machine.object),
    stored: () => {},
    calls: {
      make: (_, memory, step) => {
        calls.push(step.kind);
        memory.target = { url: "https://bmc", deviceId: "1", username: "u", password: "p" };
        if (step.kind !== "boot") throw new TypeError(`${step.kind} of a machine at rest`);
        return Promise.resolve(bootSet(memory.facts, { ...step, atMs: clock.now() }));
      },
      release: ({ url }) => {
        calls.push(`release ${url}`);
        return Promise.resolve();
      },
    },
    report: () => {},
    log: new MemoryLogger(),
    clock,
    random: () => 0,
  });
  for (let term = 0; term < 2; term++) {
    const stop = new AbortController();
    power.machineChanged("a", machine);
    const running = power.run(stop.signal);
    for (let turns = 0; turns < 100; turns++) await Promise.resolve();
    stop.abort();
    await running;
  }
  const term = ["boot", "release https://bmc"];
  deepEqual(calls, [...term, ...term]);
});

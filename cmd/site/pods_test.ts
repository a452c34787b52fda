import { deepEqual } from "node:assert/strict";
import { type PodObject, podTroubles } from "./pods.ts";

const pod = (status: PodObject["status"], deletionTimestamp?: string): PodObject => ({
  metadata: { name: "p", ...(deletionTimestamp === undefined ? {} : { deletionTimestamp }) },
  ...(status === undefined ? {} : { status }),
});
const waits = (reason: string, message?: string): PodObject =>
  pod({ containerStatuses: [{ state: { waiting: { reason, ...(message === undefined ? {} : { message }) } } }] });

const CASES: readonly [name: string, PodObject, string[]][] = [
  ["no status yet", pod(undefined), []],
  ["on its way", waits("ContainerCreating"), []],
  ["no node", pod({ conditions: [{ type: "PodScheduled", status: "False", message: "0/3 nodes\nfit" }] }), [
    "p: no node takes it: 0/3 nodes fit",
  ]],
  ["no image", waits("ImagePullBackOff", "no such image"), ["p: ImagePullBackOff: no such image"]],
  [
    "ends again and again",
    pod({
      containerStatuses: [{
        state: { waiting: { reason: "CrashLoopBackOff" } },
        lastState: { terminated: { exitCode: 137, reason: "OOMKilled" } },
      }],
    }),
    ["p: CrashLoopBackOff (it ended with 137, OOMKilled)"],
  ],
  [
    "runs and is not ready",
    pod({
      containerStatuses: [{
        ready: false,
        state: { running: {} },
        lastState: { terminated: { exitCode: 1, reason: "Error" } },
      }],
    }),
    ["p: runs and is not ready (it ended with 1)"],
  ],
  ["runs", pod({ containerStatuses: [{ ready: true, state: { running: {} } }] }), []],
  ["an old one", pod({ conditions: [{ type: "PodScheduled", status: "False" }] }, "2026-01-01T00:00:00Z"), []],
];

for (const [name, object, wanted] of CASES) {
  Deno.test(`podTroubles() ${name}`, () => deepEqual(podTroubles([object]), wanted));
}

Deno.test("podTroubles() is short, however many there are", () => {
  const lines = podTroubles(Array.from({ length: 9 }, () => waits("ErrImagePull", "x".repeat(1000))));
  deepEqual([lines.length, lines.at(-1), Math.max(...lines.map(({ length }) => length))], [6, "4 more", 303]);
});

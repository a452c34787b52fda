import { deepEqual, equal } from "node:assert/strict";
import type { MachineEvent } from "../../dev/rack/types.ts";
import { Progress } from "./progress.ts";

const MAC = "52:54:00:00:00:01";

function event(
  atMs: number,
  stage: MachineEvent["stage"],
  detail = "",
  more: Partial<MachineEvent> = {},
): MachineEvent {
  return { mac: MAC, stage, detail, atMs, ...more };
}

function started(): Progress {
  const progress = new Progress();
  progress.add(MAC, "node-01", "10.77.1.1");
  return progress;
}

Deno.test("a line is printed when the stage changes, and only then", () => {
  const progress = started();
  equal(progress.event(event(100, "dhcp", "DISCOVER")), "   0.1s  node-01  dhcp         DISCOVER");
  equal(progress.event(event(200, "dhcp", "REQUEST")), undefined);
  equal(progress.event(event(700, "boot loader", "shimx64.efi")), "   0.7s  node-01  boot loader  shimx64.efi");
  equal(progress.event({ ...event(800, "kernel"), mac: "52:54:00:00:00:99" }), undefined);
});

Deno.test("installed counts once: when the machine runs and the cluster says so, with the time of each stage", () => {
  const progress = started();
  progress.event(event(1000, "dhcp"));
  equal(progress.confirm(MAC, 1500), undefined);
  progress.event(event(1500, "installing"));
  progress.event(event(3000, "running"));
  equal(progress.installed, 0);
  equal(progress.confirm(MAC, 3200), "   3.2s  node-01  installed    in 2.2s: dhcp 0.5s, installing 1.5s");
  equal(progress.confirm(MAC, 3300), undefined);
  deepEqual([progress.installed, progress.total, progress.unfinished()], [1, 1, []]);
});

Deno.test("a stage that came again and again is one part of the line, with the time of all its turns", () => {
  const progress = started();
  for (let turn = 0; turn < 100; turn++) {
    progress.event(event(turn * 3000, "dhcp"));
    progress.event(event(turn * 3000 + 1000, "boot loader"));
  }
  progress.event(event(300_000, "running"));
  equal(
    progress.confirm(MAC, 300_000),
    " 300.0s  node-01  installed    in 300.0s: dhcp 100.0s, boot loader 200.0s",
  );
});

Deno.test("a machine that is switched on again starts over", () => {
  const progress = started();
  for (const [at, stage] of [[0, "dhcp"], [1000, "running"]] as const) progress.event(event(at, stage));
  progress.confirm(MAC, 1000);
  progress.event(event(2000, "off"));
  progress.event(event(3000, "dhcp", "no answer yet"));
  equal(progress.installed, 0);
  deepEqual(progress.unfinished(), ["node-01: dhcp (no answer yet)"]);
});

Deno.test("the block has a line a machine and fits the terminal, those on their way first", () => {
  const progress = started();
  progress.event(event(0, "installing", "disk.img", { progress: { bytes: 2 << 20, total: 4 << 20 } }));
  deepEqual(progress.block(1500, { columns: 100, rows: 24 }), [
    "node-01  10.77.1.1        installing     1.5s  [========        ] 2.0 MiB of 4.0 MiB disk.img",
    "0 of 1 installed",
  ]);
  for (let i = 2; i < 10; i++) progress.add(`52:54:00:00:00:0${i}`, `node-0${i}`, `10.77.1.${i}`);
  const small = progress.block(1500, { columns: 20, rows: 5 });
  equal(small.length, 3);
  equal(small.every((line) => line.length < 20), true);
  deepEqual(progress.block(1500, { columns: 80, rows: 5 }).at(-1), "0 of 9 installed, 7 not shown");
});

import { deepEqual, equal } from "node:assert/strict";
import { systemClock } from "./clock.ts";
import { MemoryLogger } from "./log.ts";
import { TaskGroup } from "./tasks.ts";

Deno.test("TaskGroup reports a failing task and keeps the others", async () => {
  const log = new MemoryLogger();
  await using tasks = new TaskGroup(log);
  tasks.start("bad", () => Promise.reject(new Error("no")));
  tasks.start("good", async () => {});
  await tasks.idle();
  equal(tasks.size, 0);
  deepEqual(log.lines.map((l) => [l.message, l.fields.task]), [["background task failed", "bad"]]);
});

Deno.test("TaskGroup ends what runs when it is disposed, and says nothing of that", async () => {
  const log = new MemoryLogger();
  const tasks = new TaskGroup(log);
  tasks.start("forever", (signal) => systemClock.sleep(3_600_000, { signal }));
  await tasks[Symbol.asyncDispose]();
  equal(tasks.size, 0);
  deepEqual(log.lines, []);
});

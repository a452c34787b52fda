import assert from "node:assert/strict";
import { flatField } from "./cgroup.ts";

Deno.test("flatField() reads cpu.stat (cgroups(7)) and /proc/PID/status (proc(5))", () => {
  assert.equal(flatField("usage_usec 257868\nuser_usec 200000\n", "user_usec"), 200000);
  assert.equal(flatField("VmHWM:\t   123 kB\nVmRSS:\t    99 kB\n", "VmRSS"), 99);
  assert.throws(() => flatField("usage_usec 1\n", "usage"), /no usage in/);
});

import { equal } from "node:assert/strict";
import { startError } from "./start_error.ts";
import { StartError } from "./usage.ts";

Deno.test("startError(): a limit of the system is one line that names the way out, a fault of ours stays one", () => {
  const full = Object.assign(new Error("listen EMFILE: too many open files"), { code: "EMFILE" });
  const told = startError(full);
  equal(told instanceof StartError, true);
  equal((told as Error).message, "listen EMFILE: too many open files; raise the limit (ulimit -n), or ask for less");
  const fault = new TypeError("undefined is not a function");
  equal(startError(fault), fault);
});

/** The plugin and everything behind it: `machine repave` of `metalman dev`'s server, from its disk to its new system (issue 5, part 7). */
import { deepEqual } from "node:assert/strict";
import { Peer } from "../peers/peer.ts";
import { Call } from "./plugin_site.ts";

const MAIN = new URL("../../main.ts", import.meta.url).pathname;
/** It takes a few seconds alone, and more beside other work. */
const INSTALL_MS = 60_000;
const POWER = ["Powering off...", "Powered off", "Powering on...", "Powered on"];
const STEPS = [...POWER, "Installing...", "Installed", "Starting...", "ready"];

Deno.test("machine repave --until=ready installs a server anew, twice in a row", async () => {
  const folder = await Deno.makeTempDir({ prefix: "plugin-repave-" });
  try {
    await using dev = new Peer(Deno.execPath(), ["run", "-A", MAIN, "dev", `--state=${folder}/state`]);
    await dev.waitFor(/Installed. Try next:/, INSTALL_MS);
    for (let times = 1; times <= 2; times++) {
      const args = ["machine", "repave", "node-01", "--until=ready", "--timeout=60s"];
      const call = new Call([...args, `--kubeconfig=${folder}/state/kubeconfig`]);
      const code = await call.code;
      // A BMC that is slow beside other work is said in between.
      const steps = call.out.split("\n").filter((line) => STEPS.includes(line));
      deepEqual([code, steps, call.err], [0, STEPS, ""]);
    }
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
});

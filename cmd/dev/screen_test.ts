import { deepEqual } from "node:assert/strict";
import { LiveLines } from "../live_lines.ts";
import { Screen } from "./screen.ts";

const MAC = "52:54:00:00:00:01";

function screenOf(terminal?: { columns: number; rows: number }): { readonly screen: Screen; readonly said: string[] } {
  const said: string[] = [];
  const screen = new Screen(new LiveLines({ stdout: (text) => void said.push(text), terminal: () => terminal }), 1000);
  return { screen, said };
}

Deno.test("a warning is said once a minute, others are not held up by it", () => {
  const { screen, said } = screenOf();
  for (const [line, atMs] of [["a", 0], ["a", 1], ["b", 2], ["a", 59_999], ["a", 60_000], ["b", 60_001]] as const) {
    screen.warn(line, atMs);
  }
  deepEqual(said, ["! a\n", "! b\n", "! a\n"]);
});

Deno.test("what ends as everything ends is no matter for the user", () => {
  const { screen, said } = screenOf();
  screen.add(MAC, "node-01", "10.77.1.1");
  screen.end();
  screen.warn('TFTP transfer ended reason="the server is stopping"', 0);
  screen.event({ mac: MAC, stage: "off", detail: "switched off", atMs: 1100 });
  deepEqual(said, []);
});

Deno.test("why a server failed is said in full on a terminal too, and once how it tries again", () => {
  const { screen, said } = screenOf({ columns: 20, rows: 24 });
  screen.add(MAC, "node-01", "10.77.1.1");
  screen.event({ mac: MAC, stage: "dhcp", detail: "the firmware starts", atMs: 1100 });
  screen.event({ mac: MAC, stage: "failed", detail: "GRUB stops: look at grub.cfg", atMs: 1200 });
  screen.event({ mac: MAC, stage: "off", detail: "", atMs: 1300 });
  screen.event({ mac: MAC, stage: "failed", detail: "again", atMs: 1400 });
  deepEqual(said.map((line) => line.slice(0, 38)), [
    "   0.2s  node-01  failed       GRUB st",
    "A failed server tries again when its M",
    "   0.4s  node-01  failed       again\n",
  ]);
});

Deno.test("what is to be typed holds for a --state with blanks and quotes in its path", () => {
  const { screen, said } = screenOf();
  const places = { log: "", registry: "127.0.0.1:1", image: "127.0.0.1:1/a:b", temporary: undefined };
  for (const path of ["/tmp/metalman-dev-1/x.y", "/home/u/my rack/it's"]) {
    screen.welcome({ ...places, kubeconfig: path, example: path });
  }
  screen.tryNext({ ...places, kubeconfig: "", example: "/home/u/my rack/x" });
  deepEqual(said.filter((line) => /export|apply/.test(line)), [
    "  export KUBECONFIG=/tmp/metalman-dev-1/x.y\n",
    "  export KUBECONFIG='/home/u/my rack/it'\\''s'\n",
    "  kubectl apply -f '/home/u/my rack/x'   # one more server boots\n",
  ]);
});

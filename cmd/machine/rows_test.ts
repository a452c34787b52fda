import { deepEqual } from "node:assert/strict";
import { block, type Row } from "./rows.ts";

const row = (name: string, step: string, kind: "waiting" | "done" = "waiting"): Row => ({
  name,
  progress: { steps: [step], outcome: { kind } },
});
const FAILED: Row = { name: "c", progress: { steps: ["Powered off"], outcome: { kind: "failed", reason: "deleted" } } };
const ROWS = [row("node-01", "Powering on..."), row("b", "ready", "done"), FAILED];

Deno.test("block() shows a line for each machine, with the time of those that are waited for", () => {
  deepEqual(block(ROWS, 65_000, { columns: 80, rows: 24 }), [
    "  node-01  Powering on...  65s",
    "✓ b        ready",
    "✗ c        Powered off (deleted)",
  ]);
});

Deno.test("block() is no wider than the terminal", () => {
  deepEqual(block(ROWS, 65_000, { columns: 20, rows: 24 })[0], "  node-01  Powerin…");
});

Deno.test("block() is no higher than the terminal: those that are waited for come first", () => {
  deepEqual(block(ROWS.toReversed(), 1000, { columns: 80, rows: 4 }), [
    "  node-01  Powering on...  1s",
    "  3 machines, 1 ready, 1 on their way",
  ]);
});

import { equal } from "node:assert/strict";
import { LiveLines } from "./live_lines.ts";

function capture(terminal?: { columns: number; rows: number }) {
  const written: string[] = [];
  return { written, lines: new LiveLines({ stdout: (text) => void written.push(text), terminal: () => terminal }) };
}

Deno.test("a block is redrawn in place on a terminal, and what is said stays above it", () => {
  const { written, lines } = capture({ columns: 80, rows: 24 });
  lines.show(["one", "two"]);
  lines.say("hello");
  lines.show(["three"]);
  lines.show([]);
  equal(
    written.join("|"),
    "one\ntwo\n|\x1b[2A\r\x1b[Jhello\none\ntwo\n|\x1b[2A\r\x1b[Jthree\n|\x1b[1A\r\x1b[J",
  );
});

Deno.test("where there is no terminal only what is said is printed, without control codes", () => {
  const { written, lines } = capture();
  lines.show(["one"]);
  lines.say("hello");
  lines.show(["two"]);
  equal(written.join("|"), "hello\n");
});

import { deepEqual, equal } from "node:assert/strict";
import { createLogger } from "./log.ts";

function lines(
  options: Parameters<typeof createLogger>[0],
  use: (log: ReturnType<typeof createLogger>) => void,
): string[] {
  const out: string[] = [];
  use(createLogger({ ...options, write: (line) => out.push(line) }));
  return out;
}

Deno.test("the text format quotes only what needs it and keeps one line a message", () => {
  const [line = ""] = lines(
    {},
    (log) => log.info("offer sent", { machine: "node-01", reason: "two\nlines", n: 3, none: undefined }),
  );
  equal(line.replace(/^\S+/, "T"), 'T INFO  offer sent machine=node-01 reason="two\\nlines" n=3');
});

Deno.test("the JSON format is one object a line, errors by their message", () => {
  const [line = ""] = lines(
    { format: "json" },
    (log) => log.with({ a: 1 }).error("it failed", { error: new Error("why"), big: 5n }),
  );
  const { time, ...rest } = JSON.parse(line);
  equal(new Date(time).toISOString(), time);
  deepEqual(rest, { level: "error", msg: "it failed", a: 1, error: "why", big: "5" });
});

Deno.test("lines below the level are dropped and enabled() says so", () => {
  const out = lines({ level: "warn" }, (log) => {
    equal(log.enabled("info"), false);
    log.info("no");
    log.warn("yes");
  });
  equal(out.length, 1);
});

Deno.test("braces in a message or value are text, not placeholders", () => {
  const [line = ""] = lines({}, (log) => log.info("a {b} message", { b: "{c}" }));
  equal(line.endsWith("a {b} message b={c}"), true);
});

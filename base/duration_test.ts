import { equal, throws } from "node:assert/strict";
import fc from "fast-check";
import { DurationError, formatDuration, parseDuration } from "./duration.ts";

Deno.test("parseDuration() reads Go durations (contract 3)", () => {
  const cases: [string, number][] = [
    ["15s", 15_000],
    ["1h30m", 5_400_000],
    ["1.5h", 5_400_000],
    ["300ms", 300],
    ["0", 0],
    ["-2m", -120_000],
    [".5s", 500],
    ["1m0s", 60_000],
  ];
  for (const [text, ms] of cases) equal(parseDuration(text), ms, text);
});

Deno.test("parseDuration() refuses a number without a unit and anything else", () => {
  for (const text of ["", "15", "s", "1x", "1 s", "1s2", "--1s", "1s,"]) {
    throws(() => parseDuration(text), DurationError, text);
  }
});

Deno.test("formatDuration() prints as Go does", () => {
  const cases: [number, string][] = [
    [300_000, "5m0s"],
    [3_600_000, "1h0m0s"],
    [1500, "1.5s"],
    [250, "250ms"],
    [0, "0s"],
    [-60_000, "-1m0s"],
  ];
  for (const [ms, text] of cases) equal(formatDuration(ms), text);
});

Deno.test("parseDuration() undoes formatDuration()", () => {
  fc.assert(fc.property(fc.nat(1e9), (ms) => equal(Math.round(parseDuration(formatDuration(ms))), ms)));
});

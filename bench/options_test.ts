import assert from "node:assert/strict";
import { AREAS, BenchUsageError, parseOptions } from "./options.ts";

const CASES: readonly [args: string[], wanted: ReturnType<typeof parseOptions>][] = [
  [[], { areas: AREAS, quick: false, output: "text" }],
  [["--quick", "tftp", "dhcp", "tftp"], { areas: ["dhcp", "tftp"], quick: true, output: "text" }],
  [["-o", "json", "image"], { areas: ["image"], quick: false, output: "json" }],
  [["--output=json"], { areas: AREAS, quick: false, output: "json" }],
];

for (const [args, wanted] of CASES) {
  Deno.test(`parseOptions() reads "${args.join(" ")}"`, () => assert.deepEqual(parseOptions(args), wanted));
}

for (const args of [["dhpc"], ["-o"], ["-o", "xml"], ["--fast"]]) {
  Deno.test(`parseOptions() refuses "${args.join(" ")}"`, () => {
    assert.throws(() => parseOptions(args), BenchUsageError);
  });
}

import { equal, throws } from "node:assert/strict";
import { buildImage, buildTime } from "./build_facts.ts";

const NOW = Date.UTC(2026, 0, 2, 3, 4, 5, 678);
const CASES: readonly [what: string, epoch: string | undefined, commit: string | undefined, built: string][] = [
  ["SOURCE_DATE_EPOCH before all (reproducible-builds.org)", "86400", "1700000000", "1970-01-02T00:00:00Z"],
  ["the time of the commit", undefined, "1700000000", "2023-11-14T22:13:20Z"],
  ["now where there is no commit, or more than it", undefined, undefined, "2026-01-02T03:04:05Z"],
];

for (const [what, epoch, commit, built] of CASES) {
  Deno.test(`buildTime() is ${what}`, () => equal(buildTime(epoch, commit, NOW), built));
}

Deno.test("buildTime() refuses a SOURCE_DATE_EPOCH that is no number of seconds", () => {
  for (const wrong of ["", "yesterday", "-1", "1.5"]) throws(() => buildTime(wrong, "1", NOW), /SOURCE_DATE_EPOCH/);
});

Deno.test("buildImage() refuses a METALMAN_IMAGE that is no image, by its name", () => {
  for (const wrong of ["", "ghcr.io/Example/metalman:v1", "ghcr.io/example/metalman:v1 "]) {
    throws(() => buildImage(wrong), { name: "TypeError", message: /^METALMAN_IMAGE: .*not an image reference/ });
  }
  for (const right of [undefined, "ghcr.io/example/metalman:v1"]) equal(buildImage(right), right);
});

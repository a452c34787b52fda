import { deepEqual, equal, fail } from "node:assert/strict";
import { dump } from "js-yaml";
import type { FlagValues } from "../flags.ts";
import { serveSettings } from "../serve/settings.ts";
import { title, wantedObjects } from "./deployment.ts";
import { deploySettings } from "./settings.ts";

const GOLDEN = new URL("../../tests/golden/deploy/", import.meta.url);

/** Name of the file, and the flags. */
const CASES: readonly [file: string, flags: Readonly<Record<string, string | boolean>>][] = [
  ["plain", { site: "rack-a" }],
  ["two-replicas", { site: "rack-a", replicas: "2", "cache-volume": "/var/lib/metalman", "dhcp-interface": "eth0" }],
  ["claim-relay", { site: "rack-b", "cache-volume": "pvc:images", relay: true, image: "ghcr.io/example/metalman:v1" }],
];

for (const [file, flags] of CASES) {
  Deno.test(`wantedObjects() of ${file}.yaml, field by field (contract 4)`, async () => {
    const objects = wantedObjects(deploySettings(flags, "metalman:latest")).map(({ object }) => object);
    const text = objects.map((object) => dump(object, { lineWidth: -1, noRefs: true })).join("---\n");
    const path = new URL(`${file}.yaml`, GOLDEN);
    equal(text, await Deno.readTextFile(path));
  });
}

/** The one container's arguments. */
function argumentsOf(flags: FlagValues): string[] {
  const [{ object } = fail("no object")] = wantedObjects(
    deploySettings({ site: "rack-a", ...flags }, "metalman:latest"),
  );
  const { spec } = object as unknown as { spec: { template: { spec: { containers: { args: string[] }[] } } } };
  return spec.template.spec.containers[0]!.args;
}

Deno.test("the cache volume is the cache, whatever it is (contract 11.20)", () => {
  for (const flags of [{}, { "cache-volume": "/x" }, { "cache-volume": "pvc:x" }]) {
    equal(argumentsOf(flags).at(-1), "--cache-dir=/var/cache/metalman");
  }
});

Deno.test("what is deployed is a command line that serve-pxe takes", () => {
  const cases = [[{}, "auto"], [{ relay: true }, "relay"], [{ "dhcp-interface": "eth0" }, "interface"]] as const;
  for (const [flags, kind] of cases) {
    const [command, ...args] = argumentsOf(flags);
    const values = args.map((arg) => arg.replace(/^--/, "").split("=")).map(([name, value]) => [name, value ?? true]);
    const settings = serveSettings(Object.fromEntries(values), "/");
    deepEqual([command, settings.site, settings.dhcp.kind, settings.cacheDir], [
      ...["serve-pxe", "rack-a", kind, "/var/cache/metalman"],
    ]);
  }
});

Deno.test("a budget comes with several replicas only", () => {
  const titles = (replicas: string) =>
    wantedObjects(deploySettings({ site: "a", replicas }, "metalman:latest")).map(title);
  deepEqual(titles("1"), ["Deployment/metalman-controller-a"]);
  deepEqual(titles("2"), ["Deployment/metalman-controller-a", "PodDisruptionBudget/metalman-controller-a"]);
});

import { deepEqual, equal, throws } from "node:assert/strict";
import type { FlagValues } from "../flags.ts";
import { StartError, UsageError } from "../usage.ts";
import { type DeploySettings, deploySettings } from "./settings.ts";

const read = (values: FlagValues) => deploySettings(values, "metalman:v1");
const PLAIN: DeploySettings = {
  ...{ site: "rack-a", image: "metalman:v1", replicas: 1, dhcp: { kind: "auto" }, cache: { kind: "empty" } },
  forceConflicts: false,
};

Deno.test("deploySettings() of a site alone are the peer's (contract 3)", () => {
  deepEqual(read({ site: "rack-a" }), PLAIN);
});

Deno.test("deploySettings() without a site is one line and exit code 1, as the peer's (contract 3)", () => {
  for (const site of [undefined, ""]) {
    throws(() => read({ site }), (error) => error instanceof StartError && /^--site is required/.test(error.message));
  }
});

const DIGEST = `sha256:${"0".repeat(64)}`;
const GOOD: readonly [FlagValues, Partial<DeploySettings>][] = [
  [{ image: `ghcr.io/x/metalman@${DIGEST}` }, { image: `ghcr.io/x/metalman@${DIGEST}` }],
  [{ image: "REGISTRY:5000/x/metalman:V1" }, { image: "REGISTRY:5000/x/metalman:V1" }],
  [{ replicas: "3" }, { replicas: 3 }],
  [{ "dhcp-interface": "bond0.12" }, { dhcp: { kind: "interface", name: "bond0.12" } }],
  [{ relay: true }, { dhcp: { kind: "relay" } }],
  [{ "cache-volume": "/var/lib/metalman" }, { cache: { kind: "host", path: "/var/lib/metalman" } }],
  [{ "cache-volume": "pvc:images" }, { cache: { kind: "claim", name: "images" } }],
  [{ replicas: "2", "cache-volume": "/var/x" }, { replicas: 2, cache: { kind: "host", path: "/var/x" } }],
  [{ "dry-run": "none" }, {}],
  [{ "dry-run": "server", wait: "true" }, { dryRun: "server" }],
  [{ "dry-run": "client", output: "yaml" }, { dryRun: "client", output: "yaml" }],
  [{ wait: "true" }, { wait: { timeoutMs: 900_000 } }],
  [{ wait: "false" }, {}],
  [{ wait: "true", timeout: "90s" }, { wait: { timeoutMs: 90_000 } }],
  [{ wait: "true", timeout: "0" }, { wait: {} }],
  [{ "force-conflicts": true }, { forceConflicts: true }],
  [{ kubeconfig: "/k", context: "lab" }, { kubeconfig: "/k", context: "lab" }],
];

for (const [values, wanted] of GOOD) {
  Deno.test(`deploySettings() reads ${JSON.stringify(values)}`, () => {
    deepEqual(read({ site: "rack-a", ...values }), { ...PLAIN, ...wanted });
  });
}

const BAD: readonly [FlagValues, RegExp][] = [
  [{ site: "Rack" }, /^invalid argument "Rack" for "--site": want up to 63 lower-case letters/],
  [{ site: "a_b" }, /"--site"/],
  [{ site: "a." }, /"--site"/],
  [{ site: "a,b=c" }, /"--site"/],
  [{ site: "x".repeat(64) }, /"--site"/],
  [{ image: "a b" }, /"--image"/],
  [{ image: "UPPER/Case" }, /^invalid argument "UPPER\/Case" for "--image": want an image .* in lower case$/],
  [{ image: "x/y@sha256:00" }, /"--image"/],
  [{ replicas: "0" }, /"--replicas": want a number from 1/],
  [{ replicas: "2", "cache-volume": "pvc:a" }, /^a claim is one volume/],
  [{ "dhcp-interface": "eth0", relay: true }, /mutually exclusive/],
  [{ "dhcp-interface": "a/b" }, /"--dhcp-interface"/],
  [{ "dhcp-interface": "sixteen-letters-x" }, /"--dhcp-interface"/],
  [{ "dhcp-interface": "" }, /^invalid argument "" for "--dhcp-interface": want an interface/],
  [{ "cache-volume": "" }, /^invalid argument "" for "--cache-volume": want a folder/],
  [{ "cache-volume": "var/lib" }, /"--cache-volume": want a folder/],
  [{ "cache-volume": "/" }, /"--cache-volume"/],
  [{ "cache-volume": "//./" }, /"--cache-volume"/],
  [{ "cache-volume": "/a/../b" }, /"--cache-volume"/],
  [{ "cache-volume": "pvc:A" }, /"--cache-volume"/],
  [{ "cache-volume": "pvc:" }, /"--cache-volume"/],
  [{ "dry-run": "maybe" }, /"--dry-run": want one of none, client, server/],
  [{ output: "wide" }, /"--output": want one of json, yaml, name/],
  [{ timeout: "5m" }, /^--timeout says how long to --wait/],
  [{ wait: "true", timeout: "-1s" }, /"--timeout"/],
];

for (const [values, wanted] of BAD) {
  Deno.test(`deploySettings() refuses ${JSON.stringify(values).slice(0, 60)}`, () => {
    throws(
      () => read({ site: "rack-a", ...values }),
      (error) => error instanceof UsageError && wanted.test(error.message),
    );
  });
}

Deno.test("deploySettings() takes the longest site that a label can have", () => {
  equal(read({ site: "x".repeat(63) }).site.length, 63);
});

import { doesNotThrow, equal, throws } from "node:assert/strict";
import { readMachine } from "../machine/types.ts";
import { BmcClaimedError, BmcClaims } from "./bmc_claims.ts";

function machine(name: string, url: string | undefined, { created = "2026-11-01T00:00:00Z", deviceID = "1" } = {}) {
  const redfish = { url, deviceID, username: "u", passwordRef: { name: "n", namespace: "s" } };
  const pxe = url === undefined ? {} : { redfish };
  return readMachine({ metadata: { name, creationTimestamp: created }, spec: { pxe } }).machine;
}

function claims(...machines: readonly ReturnType<typeof machine>[]): BmcClaims {
  const all = new BmcClaims();
  for (const one of machines) all.put(one.name, one);
  return all;
}

const OLD = machine("old", "https://bmc");
const LATER = { created: "2026-11-02T00:00:00Z" };
const refused = (all: BmcClaims, name: string) =>
  throws(() => all.check(name), (error) => error instanceof BmcClaimedError && / old, .*deviceID/.test(error.message));

Deno.test("of two Machines that name one system the older is switched, however its URL is written", () => {
  for (const url of ["https://bmc", "https://BMC:443/redfish/v1/"]) {
    const all = claims(machine("a-new", url, LATER), OLD);
    doesNotThrow(() => all.check("old"));
    refused(all, "a-new");
  }
  refused(claims(machine("old-er", "https://bmc"), OLD), "old-er");
});

Deno.test("other systems, and Machines without a BMC or not known, are nobody else's", () => {
  const all = claims(
    OLD,
    machine("blade", "https://bmc", { ...LATER, deviceID: "2" }),
    machine("other", "https://bmc2", LATER),
    machine("none", undefined, LATER),
  );
  for (const name of ["old", "blade", "other", "none", "unknown"]) doesNotThrow(() => all.check(name), name);
});

Deno.test("the younger is switched once the older has gone, or names another system", () => {
  for (
    const now of [
      undefined,
      machine("old", "https://bmc2"),
      machine("old", undefined),
      machine("old", "https://bmc", { created: "2026-11-03T00:00:00Z" }),
    ]
  ) {
    const all = claims(OLD, machine("new", "https://bmc", LATER));
    refused(all, "new");
    all.put("old", now);
    doesNotThrow(() => all.check("new"));
  }
});

Deno.test("who is switched of those that name a system, for whoever has to agree", () => {
  const all = claims(machine("a-new", "https://bmc", LATER), OLD);
  equal(all.owner("https://bmc", "1"), "old");
  equal(all.owner("https://bmc", "2"), undefined);
});

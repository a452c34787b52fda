import assert from "node:assert/strict";
import { recordings } from "../golden/redfish/recorded.ts";
import { clientOf, FamilyWire, never } from "./family_wire.ts";

/** What is left of an override that was cleared, where it does not read Disabled. */
const CLEARED: Readonly<Record<string, string>> = {
  "dell-idrac8": "None Once",
  "fujitsu-irmc-s4": "None Disabled",
  // It has no Disabled at all, so the disk stands in (contract 9).
  "sushy-tools": "Hdd Continuous",
};

for (const recording of recordings()) {
  const { name } = recording;

  Deno.test(`contract 9, ${name}: the boot override is set to Pxe, kept, and cleared`, async () => {
    const wire = new FamilyWire(recording);
    const { bmc } = clientOf(wire);
    const outcome = await bmc.setBoot({ kind: "network", target: "Pxe" }, never);
    if (name === "cray-ex235a") {
      assert.deepEqual(outcome, { kind: "not supported", reason: "the BMC has no boot override" });
      assert.equal((await bmc.look(never)).boot, undefined);
      return;
    }
    assert.deepEqual(outcome, { kind: "set" });
    const { boot } = await bmc.look(never);
    assert.equal(boot?.target, name === "supermicro-x12" ? "UefiBootNext" : "Pxe");
    const patches = wire.count("PATCH");
    await bmc.setBoot({ kind: "network", target: "Pxe" }, never);
    assert.equal(wire.count("PATCH"), patches, "written although it was so already");
    assert.deepEqual(await bmc.setBoot({ kind: "own order" }, never), { kind: "set" });
    const after = (await bmc.look(never)).boot;
    if (name in CLEARED) assert.equal(`${after?.target} ${after?.enabled}`, CLEARED[name]);
    else assert.equal(after?.enabled, "Disabled");
    await bmc.close();
    assert.equal(wire.sessions, 0);
  });

  Deno.test(`contract 9, ${name}: the power is cycled off and on, each asked for once`, async () => {
    const wire = new FamilyWire(recording);
    const { bmc } = clientOf(wire);
    for (const to of ["Off", "On", "Off"] as const) {
      await bmc.power(to, never);
      assert.equal((await bmc.look(never)).power, to);
      const posts = wire.count("POST");
      await bmc.power(to, never);
      assert.equal(wire.count("POST"), posts, "asked for although it was there");
    }
    await bmc.close();
    assert.equal(wire.sessions, 0);
  });
}

import assert from "node:assert/strict";
import { type MachineOptions, qemuArguments, VirtualMachine } from "./vm.ts";

const options: MachineOptions = { netns: "ns", tap: "tap0", mac: "52:54:00:00:00:01", folder: "/f", bootFrom: "pxe" };
const command = (more: Partial<MachineOptions>) => qemuArguments({ ...options, ...more }).join(" ");

Deno.test("qemuArguments() enforces Secure Boot only where it is asked for", () => {
  assert.doesNotMatch(command({}), /secboot|smm=on|secure/);
  for (const secureBoot of ["microsoft", "snakeoil"] as const) {
    const text = command({ secureBoot });
    assert.match(
      text,
      /smm=on .*OVMF_CODE_4M\.secboot\.fd .*variables-\w+\.fd .*cfi\.pflash01,property=secure,value=on/,
    );
    assert.ok(text.includes(`variables-${secureBoot}.fd`));
  }
});

Deno.test("qemuArguments() leaves the firmware nothing but HTTP when it is to boot from HTTP", () => {
  assert.match(command({ bootFrom: "http" }), /IPv4PXESupport,string=n .*IPv6PXESupport,string=n/);
  assert.doesNotMatch(command({ bootFrom: "pxe" }), /IPv4PXESupport/);
});

Deno.test("a machine that is off has no console to wait for", async () => {
  await using vm = new VirtualMachine(options);
  await assert.rejects(vm.waitFor(/x/), /the machine is off/);
  assert.equal(vm.console, "");
});

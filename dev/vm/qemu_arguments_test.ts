import assert from "node:assert/strict";
import type { BootDevice } from "../rack/types.ts";
import { type Hardware, qemuArguments } from "./qemu_arguments.ts";

const hardware: Hardware = {
  mac: "52:54:00:00:00:01",
  uuid: "6d6d0000-0000-4000-8000-000000000001",
  tap: "tap0",
  firmware: { code: "/CODE.fd", variables: "/VARS.fd", isSecure: false },
};
const files = {
  ...{ variables: "/f/VARS.fd", disk: "/f/disk.img", serialLog: "/f/serial.log" },
  ...{ qmpSocket: "/f/qmp.sock", tpmSocket: "/f/tpm.sock" },
};
const command = (more: Partial<Hardware>, order: readonly BootDevice[] = ["network"]) =>
  qemuArguments({ ...hardware, ...more }, files, order).join(" ");

Deno.test("qemuArguments() protects the firmware's variables only where it checks signatures", () => {
  assert.doesNotMatch(command({}), /smm=on|secure/);
  const secure = command({ firmware: { code: "/C.fd", variables: "/V.fd", isSecure: true } });
  assert.match(secure, /smm=on .*file=\/C\.fd .*file=\/f\/VARS\.fd .*cfi\.pflash01,property=secure,value=on/);
});

Deno.test("qemuArguments() leaves the firmware nothing but HTTP when it is to boot from HTTP", () => {
  assert.match(command({ bootFrom: "http" }), /IPv4PXESupport,string=n .*IPv6PXESupport,string=n/);
  assert.doesNotMatch(command({ bootFrom: "pxe" }), /IPv4PXESupport/);
});

Deno.test("qemuArguments() orders what is booted from; what is not named never boots", () => {
  const diskMiB = 16;
  assert.match(command({ diskMiB }, ["disk", "network"]), /id=net0,bootindex=1 .*id=disk0,bootindex=0/);
  assert.match(command({ diskMiB }, ["network", "disk"]), /id=net0,bootindex=0 .*id=disk0,bootindex=1/);
  assert.match(command({ diskMiB }, ["http", "disk", "network"]), /id=net0,bootindex=0 .*id=disk0,bootindex=1/);
  assert.doesNotMatch(command({ diskMiB }, ["disk"]), /id=net0,bootindex/);
  assert.doesNotMatch(command({}, ["network"]), /disk0/);
});

Deno.test("qemuArguments() puts a TPM in only where there is one", () => {
  assert.doesNotMatch(command({}), /tpm/);
  assert.match(
    command({ hasTpm: true }),
    /socket,id=control0,path=\/f\/tpm\.sock .*emulator,.*chardev=control0 .*tpm-tis/,
  );
});

Deno.test("qemuArguments() uses KVM only where it is asked to", () => {
  assert.match(command({}), /-accel tcg,thread=multi/);
  assert.match(command({ accelerator: "kvm" }), /-accel kvm /);
});

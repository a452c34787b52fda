import { deepEqual, equal } from "node:assert/strict";
import fc from "fast-check";
import { parseIpv4 } from "../base/address.ts";
import { readMachine } from "./types.ts";

const lease = {
  mac: "AA:BB:CC:DD:EE:01",
  ipv4: "10.0.0.11",
  subnetMask: "255.255.255.0",
  gateway: "10.0.0.1",
  dns: ["10.0.0.53"],
};

Deno.test("readMachine() reads README's minimal Machine; absent counters are zero (contract 11.6)", () => {
  const { machine, problems } = readMachine({
    metadata: { name: "node-01" },
    spec: { pxe: { image: "i:v1", dhcpLeases: [lease] } },
  });
  deepEqual(problems, []);
  deepEqual(machine.leases, [{
    mac: "aa:bb:cc:dd:ee:01",
    ipv4: parseIpv4("10.0.0.11"),
    subnetMask: 0xffffff00,
    gateway: parseIpv4("10.0.0.1"),
    dns: [parseIpv4("10.0.0.53")],
  }]);
  deepEqual([machine.wanted, machine.done], [{ rebootCounter: 0, repaveCounter: 0 }, {
    rebootCounter: 0,
    repaveCounter: 0,
  }]);
  equal(machine.image, "i:v1");
});

Deno.test("readMachine() reads references and their default key (contract 1)", () => {
  const { machine } = readMachine({
    metadata: { name: "a" },
    spec: {
      pxe: {
        imagePullSecretRef: { name: "pull", namespace: "x" },
        cloudInit: { userDataConfigMapRef: { name: "ud", namespace: "y" } },
      },
    },
  });
  deepEqual(machine.imagePullSecret, { name: "pull", namespace: "x" });
  deepEqual(machine.userData, { name: "ud", namespace: "y", key: "user-data" });
});

Deno.test("readMachine() names each bad field and keeps the other leases", () => {
  const cases: [Record<string, unknown>, string][] = [
    [{ ...lease, mac: 5 }, "spec.pxe.dhcpLeases[0].mac"],
    [{ ...lease, ipv4: "10.0.0" }, "spec.pxe.dhcpLeases[0].ipv4"],
    [{ ...lease, subnetMask: "255.0.255.0" }, "spec.pxe.dhcpLeases[0].subnetMask"],
    [{ ...lease, ipv4: "255.255.255.255" }, "spec.pxe.dhcpLeases[0].ipv4"],
    [{ ...lease, gateway: "gw" }, "spec.pxe.dhcpLeases[0].gateway"],
    [{ ...lease, dns: ["10.0.0.53", "dns"] }, "spec.pxe.dhcpLeases[0].dns[1]"],
  ];
  for (const [bad, field] of cases) {
    const { machine, problems } = readMachine({ metadata: { name: "a" }, spec: { pxe: { dhcpLeases: [bad, lease] } } });
    deepEqual([problems.map((p) => p.field), machine.leases.length], [[field], 1]);
  }
});

Deno.test("readMachine() takes any JSON without throwing", () => {
  fc.assert(fc.property(fc.jsonValue(), fc.jsonValue(), (pxe, operations) => {
    readMachine({ metadata: { name: "a" }, spec: { pxe, operations }, status: { operations: operations as never } });
    readMachine({ metadata: { name: "a" }, spec: { pxe: { dhcpLeases: [pxe], cloudInit: operations } } });
  }));
});

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

const bmc = { url: "https://10.0.10.11/", username: "admin", passwordRef: { name: "bmc", namespace: "x" } };

Deno.test("readMachine() reads README's redfish block; system 1, key password and Pxe unless it says else (contract 1)", () => {
  const { machine, problems } = readMachine({
    metadata: { name: "a" },
    spec: { pxe: { redfish: bmc } },
    status: { redfish: { certFingerprint: "AB:CD" } },
  });
  deepEqual([problems, machine.pin], [[], "ab:cd"]);
  deepEqual(machine.redfish, {
    url: "https://10.0.10.11",
    username: "admin",
    deviceId: "1",
    passwordRef: { name: "bmc", namespace: "x", key: "password" },
    bootTarget: "Pxe",
  });
  const other = {
    ...bmc,
    url: "https://BMC:8443/redfish/v1",
    deviceID: "Self",
    bootTarget: "UefiHttp",
    passwordRef: { ...bmc.passwordRef, key: "k" },
  };
  const { redfish } = readMachine({ metadata: { name: "a" }, spec: { pxe: { redfish: other } } }).machine;
  deepEqual(
    [redfish?.url, redfish?.deviceId, redfish?.bootTarget, redfish?.passwordRef.key],
    ["https://bmc:8443", "Self", "UefiHttp", "k"],
  );
});

Deno.test("readMachine() leaves out a redfish block that cannot be used, and names each field", () => {
  const cases: [Record<string, unknown>, string[]][] = [
    [{}, ["url", "passwordRef.name", "passwordRef.namespace", "username"]],
    [{ ...bmc, url: "10.0.10.11" }, ["url"]],
    [{ ...bmc, url: "http://10.0.10.11" }, ["url"]],
    [{ ...bmc, url: "https://10.0.10.11/?x" }, ["url"]],
    [{ ...bmc, url: "https://10.0.10.11/bmc/7" }, ["url"]],
    [{ ...bmc, username: 5 }, ["username"]],
    [{ ...bmc, passwordRef: { name: "bmc" } }, ["passwordRef.namespace"]],
    [{ ...bmc, bootTarget: "Hdd" }, ["bootTarget"]],
  ];
  for (const [redfish, fields] of cases) {
    const { machine, problems } = readMachine({ metadata: { name: "a" }, spec: { pxe: { redfish } } });
    deepEqual([problems.map((p) => p.field), machine.redfish], [fields.map((f) => `spec.pxe.redfish.${f}`), undefined]);
  }
});

Deno.test("readMachine() shows no password that stands in a BMC's URL", () => {
  const url = "https://admin:hunter2@10.0.10.11";
  const { problems } = readMachine({ metadata: { name: "a" }, spec: { pxe: { redfish: { ...bmc, url } } } });
  equal(problems.length, 1);
  equal(JSON.stringify(problems).includes("hunter2"), false);
});

Deno.test("readMachine() takes any JSON without throwing", () => {
  fc.assert(fc.property(fc.jsonValue(), fc.jsonValue(), (pxe, operations) => {
    readMachine({ metadata: { name: "a" }, spec: { pxe, operations }, status: { operations: operations as never } });
    readMachine({ metadata: { name: "a" }, spec: { pxe: { dhcpLeases: [pxe], cloudInit: operations } } });
    readMachine({ metadata: { name: "a" }, spec: { pxe: { redfish: pxe } }, status: { redfish: pxe } });
    readMachine({ metadata: { name: "a" }, spec: { pxe: { redfish: { ...bmc, url: operations } } } });
  }));
});

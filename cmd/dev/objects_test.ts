import { deepEqual, equal } from "node:assert/strict";
import { readMachine } from "../../machine/types.ts";
import { bmcAddress, bmcUrl } from "./bmcs.ts";
import { clusterInfo, clusterObjects, devMachine, movedClusterInfo, movedParts, spareIndex } from "./objects.ts";
import { EMULATED_NETWORK, leaseOf, virtualNetwork } from "./network.ts";
import { freeSubnet } from "../../dev/vm/subnet.ts";

const PLACE = { image: "127.0.0.1:15000/metalman/sample:v1", network: EMULATED_NETWORK, bmcPort: 18443 };

Deno.test("a Machine of metalman dev is one that metalman can use, BMC and all", () => {
  const { machine, problems } = readMachine({ ...devMachine(299, PLACE) });
  deepEqual(problems, []);
  equal(machine.name, "node-300");
  equal(machine.redfish?.url, "https://127.78.1.44:18443");
});

for (
  const { name, place, expected } of [
    { name: "where it was", place: PLACE, expected: undefined },
    {
      name: "a registry on another port",
      place: { ...PLACE, image: "127.0.0.1:15001/metalman/sample:v1" },
      expected: { image: "127.0.0.1:15001/metalman/sample:v1" },
    },
    {
      name: "BMCs on another port",
      place: { ...PLACE, bmcPort: 18444 },
      expected: { redfish: { url: "https://127.78.0.1:18444" } },
    },
  ]
) {
  Deno.test(`what an earlier run has left is told what has moved: ${name}`, () =>
    deepEqual(movedParts(devMachine(0, PLACE), place), expected));
}

const VIRTUAL = virtualNetwork(freeSubnet([])!);
const OTHER_VIRTUAL = virtualNetwork(freeSubnet(["10.77.0.0/24"])!);

for (
  const { name, index = 1, before, now, moves } of [
    { name: "emulated servers, then --vm", before: EMULATED_NETWORK, now: VIRTUAL, moves: true },
    { name: "--vm, then emulated servers", before: VIRTUAL, now: EMULATED_NETWORK, moves: true },
    { name: "--vm, on another free network", before: VIRTUAL, now: OTHER_VIRTUAL, moves: true },
    { name: "the same network", before: VIRTUAL, now: VIRTUAL, moves: false },
    { name: "no room for so many", index: 300, before: EMULATED_NETWORK, now: VIRTUAL, moves: false },
    {
      name: "the user's own network",
      before: { ...EMULATED_NETWORK, gateway: "10.77.0.3" },
      now: VIRTUAL,
      moves: false,
    },
    {
      name: "the user's own address",
      before: { ...VIRTUAL, first: "10.77.0.20" },
      now: EMULATED_NETWORK,
      moves: false,
    },
  ]
) {
  Deno.test(`leases of an earlier run move with the network that this run has: ${name}`, () => {
    const machine = devMachine(index, { ...PLACE, network: before });
    const expected = moves ? { dhcpLeases: [leaseOf(index, now)] } : undefined;
    deepEqual(movedParts(machine, { ...PLACE, network: now }), expected);
  });
}

Deno.test("a lease that moves keeps the name servers that the user has given it", () => {
  const own = { dns: ["9.9.9.9"] };
  const spec = { pxe: { dhcpLeases: [{ ...leaseOf(0, EMULATED_NETWORK), ...own }] } };
  const moved = movedParts({ ...devMachine(0, PLACE), spec }, { ...PLACE, network: VIRTUAL });
  deepEqual(moved, { dhcpLeases: [{ ...leaseOf(0, VIRTUAL), ...own }] });
});

Deno.test("what the user names is left alone", () => {
  const machine = devMachine(0, PLACE);
  const spec = { pxe: { image: "ghcr.io/a/b:v1", redfish: { url: "https://10.0.0.1" } } };
  equal(movedParts({ ...machine, spec }, { ...PLACE, bmcPort: 1 }), undefined);
  equal(movedParts({ ...machine, spec: {} }, PLACE), undefined);
});

const own = (name: string, mac: string, ipv4: string) => ({
  ...devMachine(0, PLACE),
  metadata: { name },
  spec: { pxe: { dhcpLeases: [{ mac, ipv4, subnetMask: "255.0.0.0" }] } },
});
const ownWithBmc = (name: string, url: string) => {
  const redfish = { url, username: "u", passwordRef: { name: "n", namespace: "s" } };
  return { ...devMachine(0, PLACE), metadata: { name }, spec: { pxe: { redfish } } };
};
for (
  const { name, machines, expected } of [
    { name: "a first run", machines: [], expected: 2 },
    {
      name: "the example of an earlier run was applied",
      machines: [0, 1, 2].map((i) => devMachine(i, PLACE)),
      expected: 3,
    },
    { name: "the earlier run had more servers", machines: [2, 3, 4].map((i) => devMachine(i, PLACE)), expected: 5 },
    { name: "a gap is used", machines: [0, 1, 3].map((i) => devMachine(i, PLACE)), expected: 2 },
    { name: "a name of the user's", machines: [own("node-03", "52:54:00:00:00:01", "10.0.0.1")], expected: 3 },
    { name: "a MAC of the user's", machines: [own("mine", "52-54-00-6D-00-03", "10.0.0.1")], expected: 3 },
    { name: "an address of the user's", machines: [own("mine", "52:54:00:00:00:01", "10.77.1.3")], expected: 3 },
    { name: "a BMC of the user's", machines: [ownWithBmc("mine", "HTTPS://127.78.0.3:18443/")], expected: 3 },
    { name: "a BMC on an earlier run's port", machines: [ownWithBmc("mine", "https://127.78.0.3:1")], expected: 3 },
    { name: "a Machine without leases", machines: [{ ...devMachine(0, PLACE), spec: {} }], expected: 2 },
  ]
) {
  Deno.test(`the Machine to try next is one that is not there: ${name}`, () =>
    equal(spareIndex(2, machines, PLACE), expected));
}

const HERE = "https://127.0.0.1:16443";
const NOW = clusterInfo("https://127.0.0.1:16444", "ca");
for (
  const { name, kubeconfig, expected } of [
    { name: "another port", kubeconfig: clusterInfo(HERE, "ca"), expected: { data: { kubeconfig: NOW } } },
    { name: "another authority", kubeconfig: clusterInfo(HERE, "b"), expected: { data: { kubeconfig: NOW } } },
    { name: "the same", kubeconfig: NOW, expected: undefined },
    { name: "the user's own", kubeconfig: clusterInfo("https://lb.example", "ca"), expected: undefined },
    { name: "the user's own YAML", kubeconfig: `clusters: [{cluster: {server: ${HERE}}}]`, expected: undefined },
    { name: "none", kubeconfig: undefined, expected: undefined },
  ]
) {
  Deno.test(`cluster-info of an earlier run, which nodes that join read: ${name}`, () => {
    const object = clusterObjects(HERE, "ca", "").find(({ metadata }) => metadata.name === "cluster-info")!;
    const data = kubeconfig === undefined ? {} : { data: { kubeconfig } };
    deepEqual(movedClusterInfo({ ...object, data: undefined!, ...data }, NOW), expected);
  });
}

for (
  const { url, address } of [
    { url: bmcUrl(0, 18443), address: "127.78.0.1" },
    { url: "https://127.78.3.4:1/", address: "127.78.3.4" },
    { url: "https://127.78.3.256:1", address: undefined },
    { url: "https://127.77.0.1:18443", address: undefined },
    { url: "http://127.78.0.1:18443", address: undefined },
    { url: "https://127.78.0.1", address: undefined },
  ]
) Deno.test(`bmcAddress(${url})`, () => equal(bmcAddress(url), address));

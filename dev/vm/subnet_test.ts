import assert from "node:assert/strict";
import { freeSubnet, subnetOf } from "./subnet.ts";

const CASES: readonly (readonly [name: string, routes: readonly string[], server: string | undefined])[] = [
  ["nothing else", [], "10.77.0.1"],
  ["a default route is no network", ["default", "192.168.1.0/24"], "10.77.0.1"],
  ["the first is taken", ["10.77.0.0/24"], "10.77.1.1"],
  ["one address of it is taken", ["10.77.0.200"], "10.77.1.1"],
  ["a part of it is taken", ["10.77.0.128/25", "10.77.1.0/24"], "10.77.2.1"],
  ["a larger one overlaps", ["10.77.0.0/18"], "10.77.64.1"],
  ["all is taken", ["10.0.0.0/8"], undefined],
  ["all is taken, the route has host bits", ["10.77.3.9/16"], undefined],
  ["0.0.0.0/0 is no default route to metalman", ["0.0.0.0/0"], undefined],
];
for (const [name, routes, server] of CASES) {
  Deno.test(`freeSubnet(): ${name}`, () => assert.equal(freeSubnet(routes)?.server, server));
}

Deno.test("freeSubnet() has an address for each of 200 machines", () => {
  const subnet = freeSubnet([])!;
  assert.equal(subnet.host(0), "10.77.0.10");
  assert.equal(subnet.host(199), "10.77.0.209");
  assert.throws(() => subnet.host(200), RangeError);
});

Deno.test("subnetOf() knows the network of each rack by this system's address on it, and no other", () => {
  const subnet = freeSubnet(["10.77.0.0/24"])!;
  assert.equal(subnetOf(subnet.server)?.host(3), subnet.host(3));
  for (const server of ["10.77.1.2", "10.78.0.1", "", undefined]) assert.equal(subnetOf(server), undefined);
});

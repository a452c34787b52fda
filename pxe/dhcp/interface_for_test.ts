import assert from "node:assert/strict";
import { InterfaceError, interfaceFor } from "./interface_for.ts";

const INTERFACES = [
  { name: "lo", family: "IPv4", address: "127.0.0.1" },
  { name: "eth9", family: "IPv6", address: "fe80::1" },
  { name: "eth0", family: "IPv6", address: "fe80::2" },
  { name: "eth0", family: "IPv4", address: "192.0.2.1" },
  { name: "eth0", family: "IPv4", address: "198.51.100.1" },
] as const;

Deno.test("interfaceFor() finds an interface by name: its first IPv4 address", () => {
  assert.equal(interfaceFor(INTERFACES, { name: "eth0" }).address, "192.0.2.1");
});

Deno.test("interfaceFor() finds an interface by any of its addresses", () => {
  assert.deepEqual(interfaceFor(INTERFACES, { address: "198.51.100.1" }), INTERFACES[4]);
});

for (
  const [wanted, message] of [
    [{ name: "eth9" }, /^interface eth9 has no IPv4 address; .*: lo \(127.0.0.1\), eth0 \(192.0.2.1\), eth0/],
    [{ name: "eth1" }, /^there is no interface eth1 with an address; interfaces with an IPv4 address: lo/],
    [{ address: "203.0.113.1" }, /^no interface has the address 203.0.113.1; interfaces .*: lo/],
    [{ address: "fe80::1" }, /^no interface has the address fe80::1/],
  ] as const
) {
  Deno.test(`interfaceFor() names what there is instead of ${JSON.stringify(wanted)} (contract section 5)`, () => {
    assert.throws(
      () => interfaceFor(INTERFACES, wanted),
      (error) => error instanceof InterfaceError && message.test(error.message),
    );
  });
}

Deno.test("interfaceFor() on a host without any IPv4 address", () => {
  assert.throws(() => interfaceFor([], { name: "eth0" }), /interfaces with an IPv4 address: none$/);
});

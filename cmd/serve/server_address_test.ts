import { deepEqual, equal, throws } from "node:assert/strict";
import { parseIpv4 } from "../../base/address.ts";
import { type InterfaceAddress, InterfaceError } from "../../pxe/dhcp/interface_for.ts";
import { ownAddress, serverAddress } from "./server_address.ts";

const host: InterfaceAddress[] = [
  { name: "lo", family: "IPv4", address: "127.0.0.1" },
  { name: "eth0", family: "IPv4", address: "10.0.0.2" },
  { name: "eth1", family: "IPv4", address: "192.0.2.2" },
  { name: "eth2", family: "IPv6", address: "fe80::1" },
];

Deno.test("ownAddress(): the bind address, else the outbound one, else an interface's (contract 3, 5)", () => {
  equal(ownAddress(parseIpv4("192.0.2.9"), "10.0.0.2", host), "192.0.2.9");
  equal(ownAddress(0, "192.0.2.2", host), "192.0.2.2");
  equal(ownAddress(0, "127.0.0.1", host), "10.0.0.2", "a local API server says nothing of the network");
  equal(ownAddress(0, undefined, host), "10.0.0.2");
  equal(ownAddress(0, "127.0.0.1", host.slice(0, 1)), "127.0.0.1");
});

const settings = { bindAddress: 0, httpPort: 8880 };

Deno.test("serverAddress() in interface mode is the interface's address (contract 5)", () => {
  deepEqual(serverAddress({ ...settings, dhcp: { kind: "interface", name: "eth1" } }, "10.0.0.2", host), {
    ip: "192.0.2.2",
    dhcp: { kind: "interface", address: "192.0.2.2" },
    serveUrl: "http://192.0.2.2:8880",
  });
});

Deno.test("serverAddress() in auto mode finds the interface that holds the server's address (contract 5)", () => {
  const { dhcp } = serverAddress({ ...settings, dhcp: { kind: "auto" } }, "192.0.2.2", host);
  deepEqual(dhcp, { kind: "interface", address: "192.0.2.2" });
  throws(
    () =>
      serverAddress({ ...settings, bindAddress: parseIpv4("198.51.100.1"), dhcp: { kind: "auto" } }, undefined, host),
    InterfaceError,
  );
});

Deno.test("serverAddress() in relay mode binds what was asked and tells its own address (contract 5)", () => {
  const { dhcp, serveUrl } = serverAddress(
    { ...settings, serveUrl: "https://pxe", dhcp: { kind: "relay" } },
    undefined,
    host,
  );
  deepEqual(dhcp, { kind: "relay", bindAddress: "0.0.0.0", serverIp: "10.0.0.2" });
  equal(serveUrl, "https://pxe");
});

Deno.test("an interface without an IPv4 address is a clear error (issue 3, part 8)", () => {
  throws(
    () => serverAddress({ ...settings, dhcp: { kind: "interface", name: "eth2" } }, undefined, host),
    { message: /^interface eth2 has no IPv4 address; interfaces with an IPv4 address: lo \(127.0.0.1\), eth0/ },
  );
});

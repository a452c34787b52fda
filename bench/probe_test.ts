import assert from "node:assert/strict";
import { parseIpv4 } from "../base/address.ts";
import { u8Option } from "../pxe/dhcp/options.ts";
import { parsePacket } from "../pxe/dhcp/packet.ts";
import { discover } from "./probe.ts";
import { machineAddress, machineMac, PROBE_RELAY, procAddress } from "./wire.ts";

Deno.test("discover() is a DISCOVER that a relay passes on (RFC 2131 section 2)", () => {
  const message = parsePacket(discover(0x1234, 0xdeadbeef));
  assert.equal(message.xid, 0xdeadbeef);
  assert.equal(message.giaddr, parseIpv4(PROBE_RELAY));
  assert.deepEqual([...message.chaddr.subarray(0, 6)], [2, 0, 0, 0, 0x12, 0x34]);
  assert.equal(u8Option(message.options, 53), 1);
});

Deno.test("machineAddress() and machineMac() count through bytes", () => {
  assert.deepEqual([0, 255, 256, 9999].map(machineAddress), ["10.99.1.0", "10.99.1.255", "10.99.2.0", "10.99.40.15"]);
  assert.deepEqual([0, 9999].map(machineMac), ["02:00:00:00:00:00", "02:00:00:00:27:0f"]);
});

Deno.test("procAddress() writes an address as /proc/net/udp does (proc(5))", () => {
  assert.equal(procAddress("10.99.0.3", 67), "0300630A:0043");
});

import { equal, throws } from "node:assert/strict";
import fc from "fast-check";
import {
  AddressError,
  cidrContains,
  formatIpv4,
  formatMac,
  parseCidr,
  parseHostIpv4,
  parseIpv4,
  parseMac,
  parseMask,
} from "./address.ts";

Deno.test("parseMac() reads any spelling (contract 5)", () => {
  for (
    const text of ["AA:BB:CC:DD:EE:01", "aa-bb-cc-dd-ee-01", "aabb.ccdd.ee01", "AABBCCDDEE01", " aa:bb:cc:dd:ee:01 "]
  ) {
    equal(parseMac(text), "aa:bb:cc:dd:ee:01");
  }
});

Deno.test("parseMac() refuses what is no MAC address", () => {
  for (
    const text of [
      "",
      "aa:bb:cc:dd:ee",
      "aa:bb:cc:dd:ee:0g",
      "aa:bb:cc:dd:ee:01:02",
      "aa:bb-cc:dd:ee:01",
      "a:b:c:d:e:f",
    ]
  ) {
    throws(() => parseMac(text), AddressError, text);
  }
});

Deno.test("parseIpv4() refuses leading zeros, missing and large parts", () => {
  for (const text of ["", "10.0.0", "10.0.0.256", "10.0.0.01", "10.0.0.1.1", "::1", "10.0.0.1 ", "0x0a.0.0.1"]) {
    throws(() => parseIpv4(text), AddressError, text);
  }
});

Deno.test("formatIpv4() and formatMac() undo the parsers", () => {
  fc.assert(fc.property(fc.nat(0xffffffff), (n) => equal(parseIpv4(formatIpv4(n)), n)));
  fc.assert(
    fc.property(fc.uint8Array({ minLength: 6, maxLength: 6 }), (b) => equal(parseMac(formatMac(b)), formatMac(b))),
  );
});

Deno.test("parseHostIpv4() takes only what one host can have (RFC 1122 3.2.1.3)", () => {
  equal(parseHostIpv4("10.0.0.1"), 0x0a000001);
  for (const text of ["0.0.0.0", "0.0.0.1", "224.0.0.1", "240.0.0.1", "255.255.255.255", "x"]) {
    throws(() => parseHostIpv4(text), AddressError);
  }
});

Deno.test("parseMask() takes ones first only", () => {
  equal(parseMask("255.255.254.0"), 0xfffffe00);
  equal(parseMask("0.0.0.0"), 0);
  for (const text of ["255.0.255.0", "0.0.0.255", "255.255.255.3"]) throws(() => parseMask(text), AddressError);
});

Deno.test("parseCidr() and cidrContains() agree on where a network ends", () => {
  const cidr = parseCidr("10.1.2.3/30");
  equal(cidrContains(cidr, parseIpv4("10.1.2.0")), true);
  equal(cidrContains(cidr, parseIpv4("10.1.2.4")), false);
  equal(cidrContains(parseCidr("0.0.0.0/0"), 0xffffffff), true);
  equal(cidrContains(parseCidr("192.0.2.7"), parseIpv4("192.0.2.7")), true);
  for (const text of ["10.0.0.0/33", "10.0.0.0/", "10.0.0.0/8/8", "x/8"]) throws(() => parseCidr(text), AddressError);
});

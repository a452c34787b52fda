import { deepEqual, equal, throws } from "node:assert/strict";
import * as der from "./der.ts";

const cases: readonly { name: string; der: Uint8Array; hex: string }[] = [
  { name: "8.1.3.4 short length", der: der.octets(new Uint8Array(2)), hex: "04020000" },
  { name: "8.3 INTEGER 0", der: der.unsigned(new Uint8Array([0])), hex: "020100" },
  { name: "8.3 INTEGER of no bytes is 0", der: der.unsigned(new Uint8Array()), hex: "020100" },
  { name: "8.3.2 INTEGER is as short as can be", der: der.unsigned(new Uint8Array([0, 0, 1])), hex: "020101" },
  {
    name: "8.3.3 INTEGER with its first bit set stays positive",
    der: der.unsigned(new Uint8Array([0x80])),
    hex: "02020080",
  },
  { name: "8.6 BIT STRING of bytes", der: der.bits(new Uint8Array([0xa5])), hex: "030200a5" },
  { name: "11.2.2 named bits: keyCertSign, cRLSign", der: der.namedBits(5, 6), hex: "03020106" },
  { name: "11.2.2 named bits: digitalSignature", der: der.namedBits(0), hex: "03020780" },
  { name: "8.19.4 OBJECT IDENTIFIER with short arcs", der: der.oid("2.5.29.17"), hex: "0603551d11" },
  { name: "8.19.2 OBJECT IDENTIFIER with long arcs", der: der.oid("1.2.840.10045.4.3.2"), hex: "06082a8648ce3d040302" },
  { name: "8.2 BOOLEAN TRUE", der: der.TRUE, hex: "0101ff" },
  {
    name: "RFC 5280 4.1.2.5.1 UTCTime until 2049",
    der: der.time(Date.UTC(2049, 11, 31, 23, 59, 59)),
    hex: "170d3439313233313233353935395a",
  },
  {
    name: "RFC 5280 4.1.2.5.2 GeneralizedTime from 2050",
    der: der.time(Date.UTC(2050, 0, 1)),
    hex: "180f32303530303130313030303030305a",
  },
  { name: "8.9 SEQUENCE of two", der: der.sequence(der.TRUE, der.set()), hex: "30050101ff3100" },
  { name: "8.14 explicit tag", der: der.context(3, der.TRUE), hex: "a3030101ff" },
  { name: "8.14 implicit tag", der: der.implicit(2, new Uint8Array([0x61])), hex: "820161" },
];

for (const { name, der: bytes, hex } of cases) {
  Deno.test(`DER, X.690 ${name}`, () => equal(bytes.toHex(), hex));
}

Deno.test("DER, X.690 8.1.3.5 long lengths", () => {
  equal(der.octets(new Uint8Array(127)).subarray(0, 3).toHex(), "047f00");
  equal(der.octets(new Uint8Array(128)).subarray(0, 4).toHex(), "04818000");
  equal(der.octets(new Uint8Array(65536)).subarray(0, 6).toHex(), "048301000000");
});

Deno.test("PEM, RFC 7468: there and back, in lines of 64", () => {
  const bytes = Uint8Array.from({ length: 100 }, (_, i) => i);
  const text = der.pem("TEST KEY", bytes);
  deepEqual(der.unpem("TEST KEY", `text before\n${text}`), bytes);
  deepEqual(text.split("\n").map((line) => line.length), [24, 64, 64, 8, 22, 0]);
});

for (const text of ["", "-----BEGIN TEST KEY-----\nAAAA\n", "-----BEGIN TEST KEY-----\n!\n-----END TEST KEY-----\n"]) {
  Deno.test(`PEM, RFC 7468: refuses ${JSON.stringify(text)}`, () => {
    throws(() => der.unpem("TEST KEY", text), SyntaxError);
  });
}

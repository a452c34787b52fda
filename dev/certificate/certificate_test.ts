import { equal, match, notEqual, ok } from "node:assert/strict";
import { createPrivateKey, X509Certificate } from "node:crypto";
import {
  fingerprintOf,
  isAuthorityFresh,
  keyFromPem,
  keyPem,
  newAuthority,
  newSelfSigned,
  newServerCertificate,
  publicKeyOf,
} from "./certificate.ts";

const NOW = Date.UTC(2026, 10, 23, 9);
const DAY = 86_400_000;
const NAMES = {
  dns: ["localhost", "kubernetes.default.svc"],
  ips: [new Uint8Array([127, 0, 0, 1]), new Uint8Array([...new Array<number>(15).fill(0), 1])],
};

Deno.test("a server's certificate is one that node:crypto reads, signed by its authority (RFC 5280 section 4)", async () => {
  const authority = await newAuthority(NOW);
  const { certPem, keyPem: key } = await newServerCertificate(authority, NAMES, NOW);
  const ca = new X509Certificate(authority.certPem);
  const server = new X509Certificate(certPem);
  ok(ca.ca);
  ok(ca.verify(ca.publicKey));
  ok(!server.ca);
  ok(server.checkIssued(ca));
  ok(server.verify(ca.publicKey));
  ok(server.checkPrivateKey(createPrivateKey(key)));
  equal(server.subjectAltName, "DNS:localhost, DNS:kubernetes.default.svc, IP Address:127.0.0.1, IP Address:::1");
  for (const name of NAMES.dns) equal(server.checkHost(name), name);
  for (const ip of ["127.0.0.1", "::1"]) equal(server.checkIP(ip), ip);
  equal(server.checkHost("example.com"), undefined);
  equal(server.validFromDate.getTime(), NOW - 3_600_000);
  equal(server.validToDate.getTime(), NOW + 365 * DAY);
  notEqual(server.serialNumber, ca.serialNumber);
});

Deno.test("an authority does not sign for another", async () => {
  const [one, other] = [await newAuthority(NOW), await newAuthority(NOW)];
  const { certPem } = await newServerCertificate(one, NAMES, NOW);
  ok(!new X509Certificate(certPem).verify(new X509Certificate(other.certPem).publicKey));
});

Deno.test("a private key stays itself in PEM", async () => {
  const { key, certPem } = await newAuthority(NOW);
  const again = await publicKeyOf(await keyFromPem(await keyPem(key)));
  const spki = new Uint8Array(await crypto.subtle.exportKey("spki", again)).toBase64();
  equal(new X509Certificate(certPem).publicKey.export({ format: "der", type: "spki" }).toString("base64"), spki);
  match(await keyPem(key), /^-----BEGIN PRIVATE KEY-----\n/);
});

Deno.test("a self-signed certificate is its own issuer, and its fingerprint is node:crypto's in lower case", async () => {
  const contents = { subject: "bmc", names: NAMES, fromMs: NOW - 400 * DAY, days: 365 };
  const { certPem, keyPem: key } = await newSelfSigned(contents);
  const certificate = new X509Certificate(certPem);
  ok(certificate.checkIssued(certificate));
  ok(certificate.verify(certificate.publicKey));
  ok(certificate.checkPrivateKey(createPrivateKey(key)));
  ok(!certificate.ca);
  equal(certificate.checkIP("127.0.0.1"), "127.0.0.1");
  equal(certificate.validToDate.getTime(), NOW - 35 * DAY);
  equal(await fingerprintOf(certPem), certificate.fingerprint256.toLowerCase());
});

for (
  const { name, issuedMs, fresh } of [
    { name: "of today", issuedMs: NOW, fresh: true },
    { name: "of eight years ago", issuedMs: NOW - 8 * 365 * DAY, fresh: true },
    { name: "that ends before a new server certificate would", issuedMs: NOW - (9 * 365 + 10) * DAY, fresh: false },
    { name: "of the future", issuedMs: NOW + 1, fresh: false },
  ]
) {
  Deno.test(`isAuthorityFresh() of an authority ${name}: ${fresh}`, () =>
    equal(isAuthorityFresh({ issuedMs }, NOW), fresh));
}

import assert from "node:assert/strict";
import { newAuthority, newServerCertificate } from "../../dev/certificate/certificate.ts";
import { unpem } from "../../dev/certificate/der.ts";
import { readEkAuthorities } from "./ek_authorities.ts";
import { StartError } from "../usage.ts";

const authority = await newAuthority(0);
const { certPem: leaf } = await newServerCertificate(authority, { dns: [], ips: [] }, 0);

/** By openssl, on a curve that this runtime does not have: brainpoolP256r1. */
const BRAINPOOL = `-----BEGIN CERTIFICATE-----
MIIBmzCCAUKgAwIBAgIUeqxyLdDVt5/7uqOSZB0BUdCc46AwCgYIKoZIzj0EAwIw
IzEOMAwGA1UECgwFTWFrZXIxETAPBgNVBAMMCFRQTSBSb290MB4XDTI2MTEyMzE2
MjgyOFoXDTM2MTEyMDE2MjgyOFowIzEOMAwGA1UECgwFTWFrZXIxETAPBgNVBAMM
CFRQTSBSb290MFowFAYHKoZIzj0CAQYJKyQDAwIIAQEHA0IABBnUOaSbU3OiOobM
3/FKLGuJ+tSqlkDPCGCNDoAG64BrknnKnlMeXvA9XEtpQaP6KNdnsSTeSTlV5P9v
zIOze9ijUzBRMB0GA1UdDgQWBBT/s8omL5cPoxPffdpCORX9TmaYdDAfBgNVHSME
GDAWgBT/s8omL5cPoxPffdpCORX9TmaYdDAPBgNVHRMBAf8EBTADAQH/MAoGCCqG
SM49BAMCA0cAMEQCICpdntUUUiReFZ/5sGI7n3cex0wFazz0VB9ylRqLJ4pqAiB8
yXwXZvXAI+jUA6h6f+Oiguzg7Hki9N1PDeSR7rnuGw==
-----END CERTIFICATE-----`;

/** A folder with these files. */
async function folderOf(files: Readonly<Record<string, string | Uint8Array>>) {
  const path = await Deno.makeTempDir();
  for (const [name, content] of Object.entries(files)) {
    await Deno.writeFile(`${path}/${name}`, typeof content === "string" ? new TextEncoder().encode(content) : content);
  }
  return { path, [Symbol.asyncDispose]: () => Deno.remove(path, { recursive: true }) };
}

Deno.test("--ek-ca is a bundle, or a folder of PEM and DER; other files in it do not count", async () => {
  const der = unpem("CERTIFICATE", authority.certPem);
  const bundle = `Makers:\n${authority.certPem}\r\nand\n${authority.certPem}`;
  await using folder = await folderOf({ "a.pem": bundle, "b.der": der, "c.crt": der, "README.md": leaf });
  assert.equal((await readEkAuthorities(folder.path)).length, 4);
  assert.equal((await readEkAuthorities(`${folder.path}/a.pem`)).length, 2);
  assert.equal((await readEkAuthorities(`${folder.path}/b.der`)).length, 1);
});

Deno.test("--ek-ca that cannot be used is one sentence that names the file", async () => {
  const broken = "-----BEGIN CERTIFICATE-----\nAA*A\n-----END CERTIFICATE-----\n";
  await using folder = await folderOf({
    "leaf.pem": leaf,
    "brainpool.pem": authority.certPem + BRAINPOOL,
    "empty.pem": "",
    "broken.pem": broken,
    "cut.pem": authority.certPem + authority.certPem.slice(0, -20),
    "large.pem": new Uint8Array(1 << 21),
  });
  await using none = await folderOf({ "a.txt": authority.certPem });
  const cases: [path: string, message: RegExp][] = [
    [`${folder.path}/absent`, /^--ek-ca .*absent: No such file/],
    [`${folder.path}/leaf.pem`, /leaf\.pem: a certificate is of no use: it is not a certificate authority's$/],
    [
      `${folder.path}/brainpool.pem`,
      /brainpool\.pem: a certificate is of no use: the key of "Maker, TPM Root" is of a kind that is not known here$/,
    ],
    [`${folder.path}/broken.pem`, /broken\.pem: a certificate is of no use: it is not base64$/],
    [`${folder.path}/cut.pem`, /cut\.pem: a certificate is of no use: it has no end$/],
    [`${folder.path}/empty.pem`, /empty\.pem: no certificate found/],
    [`${folder.path}/large.pem`, /large\.pem: longer than 1048576 bytes$/],
    [none.path, /no certificate found/],
  ];
  for (const [path, message] of cases) {
    await assert.rejects(
      readEkAuthorities(path),
      (error) => error instanceof StartError && message.test(error.message),
    );
  }
});

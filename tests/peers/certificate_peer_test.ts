import { equal } from "node:assert/strict";
import { newAuthority, newServerCertificate } from "../../dev/certificate/certificate.ts";
import { MemoryLogger } from "../../base/log.ts";
import { startDevApiServer } from "../../dev/apiserver/server.ts";
import { peerTest, run } from "./peer.ts";

const NAMES = { dns: ["localhost"], ips: [new Uint8Array([127, 0, 0, 1])] };

peerTest(
  "openssl accepts the development API's certificates by RFC 5280's letter",
  { programs: ["openssl"] },
  async () => {
    const folder = await Deno.makeTempDir();
    try {
      const authority = await newAuthority(Date.now());
      const { certPem } = await newServerCertificate(authority, NAMES, Date.now());
      await Deno.writeTextFile(`${folder}/ca.pem`, authority.certPem);
      await Deno.writeTextFile(`${folder}/server.pem`, certPem);
      const strict = ["verify", "-x509_strict", "-purpose", "sslserver", "-verify_ip", "127.0.0.1"];
      const said = await run("openssl", [...strict, "-CAfile", `${folder}/ca.pem`, `${folder}/server.pem`]);
      equal(said.trim(), `${folder}/server.pem: OK`);
    } finally {
      await Deno.remove(folder, { recursive: true });
    }
  },
);

peerTest(
  "curl trusts the development API through its authority, by address and by name",
  { programs: ["curl"] },
  async () => {
    const folder = await Deno.makeTempDir();
    await using server = await startDevApiServer({ crds: [], log: new MemoryLogger() });
    try {
      await Deno.writeTextFile(`${folder}/ca.pem`, server.caPem);
      const trusting = ["--silent", "--show-error", "--fail", "--cacert", `${folder}/ca.pem`];
      for (const host of ["127.0.0.1", "localhost"]) {
        equal(await run("curl", [...trusting, "-4", `https://${host}:${server.port}/readyz`]), "ok");
      }
    } finally {
      await Deno.remove(folder, { recursive: true });
    }
  },
);

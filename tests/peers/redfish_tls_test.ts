import assert from "node:assert/strict";
import { systemClock } from "../../base/clock.ts";
import { HttpsTransport } from "../../redfish/transport.ts";
import { BmcError } from "../../redfish/types.ts";
import { freePort, Peer, peerTest, run } from "./peer.ts";

/** What a server of openssl speaks, and what is said of it; undefined: it can be spoken to. */
const SERVERS: readonly [name: string, key: string, args: readonly string[], said: RegExp | undefined][] = [
  ["TLS 1.2 with ECDHE and AES-GCM", "rsa:2048", ["-tls1_2", "-cipher", "ECDHE-RSA-AES128-GCM-SHA256"], undefined],
  ["TLS 1.3 only", "rsa:2048", ["-tls1_3"], undefined],
  ["TLS 1.1", "rsa:2048", ["-tls1_1", "-cipher", "ALL:@SECLEVEL=0"], /TLS 1\.0 or 1\.1/],
  ["TLS 1.0", "rsa:2048", ["-tls1", "-cipher", "ALL:@SECLEVEL=0"], /TLS 1\.0 or 1\.1/],
  ["RSA key exchange", "rsa:2048", ["-tls1_2", "-cipher", "AES128-GCM-SHA256"], /nothing that is still safe/],
  ["DHE", "rsa:2048", ["-tls1_2", "-cipher", "DHE-RSA-AES128-GCM-SHA256"], /nothing that is still safe/],
  ["CBC", "rsa:2048", ["-tls1_2", "-cipher", "ECDHE-RSA-AES128-SHA:@SECLEVEL=0"], /nothing that is still safe/],
  ["an RSA key of 1024 bits", "rsa:1024", ["-tls1_2", "-cipher", "ALL:@SECLEVEL=0"], /shorter than 2048 bits/],
];

peerTest("a BMC whose TLS is too old is told so by name (openssl s_server)", { programs: ["openssl"] }, async (t) => {
  const folder = await Deno.makeTempDir();
  try {
    for (const size of ["rsa:1024", "rsa:2048"]) {
      const files = ["-keyout", `${folder}/${size}.key`, "-out", `${folder}/${size}.crt`];
      await run("openssl", ["req", "-x509", "-newkey", size, "-nodes", ...files, "-days", "2", "-subj", "/CN=bmc"]);
    }
    for (const [name, key, args, said] of SERVERS) {
      await t.step(name, async () => {
        const port = freePort();
        const files = ["-cert", `${folder}/${key}.crt`, "-key", `${folder}/${key}.key`];
        await using server = new Peer("openssl", [
          "s_server",
          "-accept",
          `127.0.0.1:${port}`,
          ...files,
          ...args,
          "-www",
        ]);
        await server.waitFor(/ACCEPT/);
        const transport = new HttpsTransport({ origin: new URL(`https://127.0.0.1:${port}`), clock: systemClock });
        try {
          const asked = transport.ask({ method: "GET", path: "/" }, AbortSignal.timeout(20_000));
          if (said === undefined) return void assert.equal((await asked).status, 200);
          await assert.rejects(asked, (error) => {
            assert.ok(error instanceof BmcError);
            assert.equal(error.fault, "tls", error.message);
            assert.match(error.message, said);
            return true;
          });
        } finally {
          transport.close();
        }
      });
    }
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
});

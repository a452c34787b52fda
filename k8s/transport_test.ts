import assert from "node:assert/strict";
import { createServer } from "node:http";
import { type AddressInfo, connect, type Socket } from "node:net";
import { newAuthority, newServerCertificate } from "../dev/certificate/certificate.ts";
import { accessTo, ScriptedServer } from "../tests/cluster/scripted_server.ts";
import type { Access } from "./access.ts";
import { KubeClient } from "./client.ts";
import { ConnectionError } from "./errors.ts";
import { systemHost } from "./host.ts";

const testdata = (name: string) => Deno.readTextFileSync(new URL(`./testdata/${name}`, import.meta.url));
const served = (name: string) => ({ cert: testdata(`${name}.crt`), key: testdata(`${name}.key`) });
const ca = { data: testdata("authority.crt") };

async function get(access: Access, environment: Record<string, string> = {}): Promise<unknown> {
  const host = { ...systemHost, env: (name: string) => environment[name] };
  using client = new KubeClient(access, { host, timeoutMs: 10_000 });
  return await client.request("GET", "/version");
}

const failsWith = (...codes: string[]) => (error: unknown) => {
  assert.ok(error instanceof ConnectionError, String(error));
  assert.ok(codes.includes(error.code), error.message);
  return true;
};

Deno.test("TLS: only the kubeconfig's authority is trusted, and the name has to fit", async () => {
  await using server = await ScriptedServer.start((_, reply) => reply.json({ ok: true }), served("by-address"));
  const access: Access = { ...accessTo(server), ca };
  assert.deepEqual(await get(access), { ok: true });
  await assert.rejects(
    get({ ...access, ca: { data: testdata("stranger.crt") } }),
    failsWith("SELF_SIGNED_CERT_IN_CHAIN", "UNABLE_TO_VERIFY_LEAF_SIGNATURE"),
  );
  await assert.rejects(
    get({ ...access, tlsServerName: "kube.lab" }),
    failsWith("ERR_TLS_CERT_ALTNAME_INVALID"),
  );
  assert.deepEqual(await get({ ...accessTo(server), insecure: true }), { ok: true });
});

Deno.test("TLS: tls-server-name is what the certificate is held against", async () => {
  await using server = await ScriptedServer.start((_, reply) => reply.json({ ok: true }), served("by-name"));
  const access: Access = { ...accessTo(server), ca };
  await assert.rejects(get(access), failsWith("ERR_TLS_CERT_ALTNAME_INVALID"));
  assert.deepEqual(await get({ ...access, tlsServerName: "kube.lab" }), { ok: true });
});

Deno.test("TLS: a certificate that is not good at this time is told of with the clock that may be wrong", async () => {
  for (const issuedMs of [Date.UTC(2019, 0, 1), Date.UTC(2099, 0, 1)]) {
    const authority = await newAuthority(issuedMs);
    const names = { dns: [], ips: [new Uint8Array([127, 0, 0, 1])] };
    const { certPem, keyPem } = await newServerCertificate(authority, names, issuedMs);
    await using server = await ScriptedServer.start((_, reply) => reply.json({}), { cert: certPem, key: keyPem });
    const access: Access = { ...accessTo(server), ca: { data: authority.certPem } };
    await assert.rejects(get(access), /a certificate out of date, or a wrong clock here/);
  }
});

/** An HTTP proxy that notes what it is asked for. */
async function startProxy(answer: "tunnel" | "refuse" | "garbage") {
  const asked: { line: string; authorization: string | undefined }[] = [];
  const sockets = new Set<Socket>();
  const server = createServer((request, response) => {
    asked.push({ line: `${request.method} ${request.url}`, authorization: request.headers["proxy-authorization"] });
    response.end('{"ok":true}');
  });
  server.on("connect", (request, stream: Socket) => {
    sockets.add(stream.on("error", () => {}));
    asked.push({ line: `${request.method} ${request.url}`, authorization: request.headers["proxy-authorization"] });
    if (answer === "refuse") return stream.end("HTTP/1.1 407 Proxy Authentication Required\r\n\r\n");
    if (answer === "garbage") return stream.end("SSH-2.0-OpenSSH\r\n\r\n");
    const [host = "", port = ""] = (request.url ?? "").split(":");
    const target = connect(Number(port), host, () => {
      stream.write("HTTP/1.1 200 Connection established\r\n\r\n");
      target.pipe(stream).pipe(target);
    });
    sockets.add(target.on("error", () => {}));
  });
  server.on("connection", (socket) => sockets.add(socket));
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  return {
    asked,
    url: (user = "") => `http://${user}127.0.0.1:${(server.address() as AddressInfo).port}`,
    async [Symbol.asyncDispose]() {
      for (const socket of sockets) socket.destroy();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

Deno.test("an HTTPS server is reached through a proxy's tunnel, checked end to end", async () => {
  await using server = await ScriptedServer.start((_, reply) => reply.json({ ok: true }), served("by-address"));
  await using proxy = await startProxy("tunnel");
  const access: Access = { ...accessTo(server), ca, proxy: proxy.url("me:s%20cret@") };
  assert.deepEqual(await get(access), { ok: true });
  assert.deepEqual(proxy.asked, [{
    line: `CONNECT 127.0.0.1:${server.port}`,
    authorization: `Basic ${btoa("me:s cret")}`,
  }]);
  await assert.rejects(get({ ...access, tlsServerName: "kube.lab" }), failsWith("ERR_TLS_CERT_ALTNAME_INVALID"));
});

Deno.test("an HTTP server is asked for by its whole URL", async () => {
  await using proxy = await startProxy("tunnel");
  const access: Access = { ...accessTo({ url: "http://kube.lab:8080/base" }) };
  assert.deepEqual(await get(access, { HTTP_PROXY: proxy.url() }), { ok: true });
  assert.deepEqual(proxy.asked, [{ line: "GET http://kube.lab:8080/base/version", authorization: undefined }]);
});

for (const [answer, code] of [["refuse", "EPROXY"], ["garbage", "EPROTO"]] as const) {
  Deno.test(`a proxy that answers with ${answer} is named`, async () => {
    await using proxy = await startProxy(answer);
    const access: Access = { ...accessTo({ url: "https://10.0.0.1:6443" }), proxy: proxy.url("me:secret@") };
    await assert.rejects(get(access), (error: Error) => failsWith(code)(error) && !error.message.includes("secret"));
  });
}

Deno.test("a server that is not there is named with its URL", async () => {
  const gone = await ScriptedServer.start(() => {});
  const access = accessTo(gone);
  await gone[Symbol.asyncDispose]();
  await assert.rejects(
    get(access),
    (error: Error) => failsWith("ECONNREFUSED")(error) && error.message.includes(access.server.href),
  );
});

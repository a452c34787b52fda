import assert from "node:assert/strict";
import { Buffer } from "node:buffer";
import { MemoryLogger } from "../../base/log.ts";
import { parseIpv4 } from "../../base/address.ts";
import { type Machine, readMachine } from "../../machine/types.ts";
import type { FileAnswer, FileResolver } from "../answer.ts";
import { PortInUse } from "../bind_error.ts";
import type { AttestAnswer } from "./routes.ts";
import { startHttpServer } from "./server.ts";

const BIG = 8 * 1024 * 1024 + 3;
const encoder = new TextEncoder();
const decoder = new TextDecoder("latin1");

/** A server with two threads for the machine 127.0.0.1, and what was reported to it. */
async function siteOf(
  { known = true, synced = true, attest }: {
    known?: boolean;
    synced?: boolean;
    attest?: (client: number, body: Uint8Array | undefined) => Promise<AttestAnswer>;
  } = {},
) {
  const folder = await Deno.makeTempDir();
  const big = new Uint8Array(BIG).map((_, i) => (i * 31 + (i >> 9)) & 255);
  await Deno.writeFile(`${folder}/big`, big);
  await Deno.writeTextFile(`${folder}/grubx64.efi`, "GRUB");
  const lease = { ipv4: "127.0.0.1", mac: "02:00:00:00:00:01", subnetMask: "255.0.0.0" };
  const { machine } = readMachine({ metadata: { name: "m1" }, spec: { pxe: { dhcpLeases: [lease] } } });
  const hit = { machine, lease: machine.leases[0]! };
  const reported = new Reported();
  const log = new MemoryLogger();
  const server = await startHttpServer({
    bindAddress: "127.0.0.1",
    port: 0,
    filesFolder: folder,
    directory: {
      byIp: (ip) => known && ip === parseIpv4("127.0.0.1") ? hit : undefined,
      byMac: () => undefined,
      byName: () => undefined,
      all: () => [machine],
    },
    resolve: resolverOf(folder),
    reports: {
      cloudInit: ({ name }: Machine, event) => reported.add(`${name} ${event.name}`),
      pxeDisable: ({ name }: Machine) => reported.add(`${name} disable`),
    },
    synced: () => synced,
    ...(attest === undefined ? {} : { attest }),
    trustedProxies: [],
    log,
  });
  const dispose = async () => {
    await server[Symbol.asyncDispose]();
    await Deno.remove(folder, { recursive: true });
  };
  return { server, big, reported, log, url: `http://127.0.0.1:${server.port}`, [Symbol.asyncDispose]: dispose };
}

function resolverOf(folder: string): FileResolver {
  return (_client, path): FileAnswer => {
    const file = (name: string, size: number): FileAnswer => ({
      kind: "file",
      absolutePath: name.startsWith("/") ? name : `${folder}/${name}`,
      offset: 0,
      size,
      etag: '"t"',
    });
    if (path === "/big") return file("big", BIG);
    if (path === "/outside") return file("/etc/hostname", 5);
    return path === "/grubx64.efi"
      ? file("grubx64.efi", 4)
      : { kind: "bytes", body: encoder.encode(path), etag: '"r"' };
  };
}

/** What was reported, and a way to wait for the next report. */
class Reported {
  readonly all: string[] = [];
  #next = Promise.withResolvers<void>();

  add(report: string): void {
    this.all.push(report);
    this.#next.resolve();
    this.#next = Promise.withResolvers();
  }

  next(): Promise<void> {
    return this.#next.promise;
  }
}

/** Sends bytes over a connection of its own and reads up to `end`, or up to the end of the connection. */
async function raw(port: number, bytes: string, end?: RegExp): Promise<string> {
  using connection = await Deno.connect({ hostname: "127.0.0.1", port });
  await connection.write(encoder.encode(bytes));
  const buffer = new Uint8Array(65536);
  let text = "";
  while (end === undefined || !end.test(text)) {
    const count = await connection.read(buffer);
    if (count === null) return text;
    text += decoder.decode(buffer.subarray(0, count));
  }
  return text;
}

Deno.test("HTTP server: requests are counted by route and status, whatever their paths and methods are", async () => {
  await using site = await siteOf();
  const lines = "Host: 127.0.0.1\r\n\r\n";
  const paths = ["/big", "/pxe/disable?x", "//healthz", "/constructor", "/%ff", "/x".repeat(500)];
  const requests = paths.map((path) => `HEAD ${path} HTTP/1.1\r\n${lines}`).join("");
  const broken = `NONSENSE /attest HTTP/1.1\r\n${lines}BROKEN\r\n\r\n`;
  await raw(site.server.port, requests + broken, /HTTP\/1\.1 400 Bad Request[^]*\r\n\r\n.*\n$/);
  await site.server.drain(5000);
  const { counts } = site.server;
  assert.deepEqual(counts.requests().map(({ labels, value }) => [...labels, value].join(" ")), [
    "file 200 3",
    "file 404 1",
    "pxe_disable 405 1",
    "attest 405 1",
    "healthz 200 1",
    "malformed 400 1",
  ]);
  const [file] = counts.bytes();
  assert.ok(file!.value > 200 && file!.value < 2000, "heads only");
  assert.deepEqual(counts.times().map((times) => times.counts.reduce((a, b) => a + b)), [4, 0, 1, 1, 1, 1]);
});

Deno.test("HTTP server: an answer that its client does not take counts as cut, with the bytes that were sent", async () => {
  await using site = await siteOf();
  {
    using connection = await Deno.connect({ hostname: "127.0.0.1", port: site.server.port });
    await connection.write(encoder.encode("GET /big HTTP/1.1\r\nHost: x\r\n\r\n"));
    await connection.read(new Uint8Array(1));
    assert.equal(site.server.counts.connections, 1);
  }
  await site.server.drain(5000);
  const { counts } = site.server;
  assert.deepEqual([counts.cut()[0]?.value, counts.requests()[0]?.value, counts.connections], [1, 1, 0]);
  assert.ok(counts.bytes()[0]!.value < BIG);
});

Deno.test("HTTP server: HEAD then GET on one connection, as UEFI HTTP boot sends them (facts: UEFI HTTP boot)", async () => {
  await using site = await siteOf();
  const lines = "Host: 127.0.0.1\r\nAccept: */*\r\nUser-Agent: UefiHttpBoot/1.0\r\n\r\n";
  const request = `HEAD /grubx64.efi HTTP/1.1\r\n${lines}GET /grubx64.efi HTTP/1.1\r\n${lines}`;
  const text = await raw(site.server.port, request, /GRUB$/);
  const [head, get] = text.split("HTTP/1.1 200 OK\r\n").slice(1);
  assert.match(head!, /content-length: 4\r\n/i);
  assert.match(head!, /\r\n\r\n$/);
  assert.match(get!, /content-length: 4\r\n/i);
  assert.match(get!, /\r\n\r\nGRUB$/);
});

Deno.test("HTTP server: GET //grubx64.efi, as shim sends it (contract 11.7)", async () => {
  await using site = await siteOf();
  const text = await raw(site.server.port, "GET //grubx64.efi HTTP/1.1\r\nHost: x\r\n\r\n", /GRUB$/);
  assert.match(text, /^HTTP\/1.1 200 OK\r\n/);
  assert.doesNotMatch(text, /transfer-encoding/i);
});

Deno.test("HTTP server: HTTP/1.0 gets a length and the end of the connection (RFC 9112 9.3)", async () => {
  await using site = await siteOf();
  const text = await raw(site.server.port, "GET /grubx64.efi HTTP/1.0\r\n\r\n");
  assert.match(text, /content-length: 4\r\n/i);
  assert.match(text, /GRUB$/);
});

Deno.test("HTTP server: a large file and parts of it, byte for byte, to many clients at once", async () => {
  await using site = await siteOf();
  const whole = () => fetch(`${site.url}/big`).then((r) => r.arrayBuffer());
  const part = async (from: number) => {
    const response = await fetch(`${site.url}/big`, { headers: { range: `bytes=${from}-${from + 999_999}` } });
    assert.equal(response.status, 206);
    return [from, await response.arrayBuffer()] as const;
  };
  const [wholes, parts] = await Promise.all([
    Promise.all(Array.from({ length: 12 }, whole)),
    Promise.all(Array.from({ length: 12 }, (_, i) => part(i * 600_001))),
  ]);
  for (const body of wholes) assert.equal(Buffer.compare(Buffer.from(body), site.big), 0);
  for (const [from, body] of parts) {
    assert.equal(Buffer.compare(Buffer.from(body), site.big.subarray(from, from + 1_000_000)), 0);
  }
});

Deno.test("HTTP server: reports reach the main thread; junk and strangers are answered as the contract says", async () => {
  await using site = await siteOf();
  const next = site.reported.next();
  const post = (body: string) => fetch(`${site.url}/cloudinit/log`, { method: "POST", body }).then((r) => r.text());
  assert.equal(await post("junk"), "ok\n");
  assert.equal(await post("x".repeat((1 << 20) + 1)), "ok\n");
  assert.equal(await post('{"name":"init","event_type":"start"}'), "ok\n");
  await next;
  const disable = await fetch(`${site.url}/pxe/disable`);
  assert.equal(await disable.text(), "ok\n");
  assert.deepEqual(site.reported.all, ["m1 init", "m1 disable"]);
});

for (
  const [name, synced, status] of [["is 404", true, 404], ["is 503 before Machines are read", false, 503]] as const
) {
  Deno.test(`HTTP server: /pxe/disable of an unknown client ${name} (contract 7)`, async () => {
    await using site = await siteOf({ known: false, synced });
    const response = await fetch(`${site.url}/pxe/disable`, { method: "POST" });
    assert.equal(response.status, status);
    await response.body?.cancel();
    assert.deepEqual(site.reported.all, []);
  });
}

Deno.test("HTTP server: a thread may read nothing outside the image cache", async () => {
  await using site = await siteOf();
  const response = await fetch(`${site.url}/outside`);
  assert.deepEqual([response.status, await response.text()], [500, "internal error\n"]);
  assert.equal(site.log.lines.at(-1)?.message, "request failed");
});

Deno.test("HTTP server: clients that never end their requests do not keep others waiting", async () => {
  await using site = await siteOf();
  const slow = await Promise.all(Array.from({ length: 100 }, async (_, i) => {
    const connection = await Deno.connect({ hostname: "127.0.0.1", port: site.server.port });
    const start = i % 2 === 0
      ? "GET /x HTTP/1.1\r\nHo"
      : "POST /cloudinit/log HTTP/1.1\r\nHost: x\r\nContent-Length: 9\r\n\r\na";
    await connection.write(encoder.encode(start));
    return connection;
  }));
  for (let i = 0; i < 20; i++) assert.equal(await (await fetch(`${site.url}/r${i}`)).text(), `/r${i}`);
  for (const connection of slow) connection.close();
});

Deno.test("HTTP server: a second one on the port is refused in one line that names port and flag", async () => {
  await using site = await siteOf();
  const { port } = site.server;
  const second = startHttpServer({ port, bindAddress: "127.0.0.1" } as Parameters<typeof startHttpServer>[0]);
  await assert.rejects(second, (error) => {
    assert.ok(error instanceof PortInUse);
    assert.match(
      error.message,
      new RegExp(`^cannot serve HTTP: TCP port ${port} on 127.0.0.1 is in use[^\n]*--http-port$`),
    );
    return true;
  });
});

Deno.test("HTTP server: drain() lets a running response end, byte for byte, and accepts nobody new", async () => {
  await using site = await siteOf();
  using connection = await Deno.connect({ hostname: "127.0.0.1", port: site.server.port });
  await connection.write(encoder.encode("GET /big HTTP/1.1\r\nHost: x\r\n\r\n"));
  const buffer = new Uint8Array(65536);
  const chunks = [Buffer.from(buffer.subarray(0, await connection.read(buffer) ?? 0))];
  const drained = site.server.drain(30_000);
  assert.equal(site.server.problem, "HTTP does not accept connections");
  for (let count; (count = await connection.read(buffer)) !== null;) {
    chunks.push(Buffer.from(buffer.subarray(0, count)));
  }
  await drained;
  const text = Buffer.concat(chunks);
  assert.equal(Buffer.compare(text.subarray(text.indexOf("\r\n\r\n") + 4), site.big), 0);
  await assert.rejects(
    () => Deno.connect({ hostname: "127.0.0.1", port: site.server.port }),
    Deno.errors.ConnectionRefused,
  );
});

Deno.test("HTTP server: drain() waits no longer than it is told for a client that takes nothing", async () => {
  await using site = await siteOf();
  using connection = await Deno.connect({ hostname: "127.0.0.1", port: site.server.port });
  await connection.write(encoder.encode("GET /big HTTP/1.1\r\nHost: x\r\n\r\n"));
  await connection.read(new Uint8Array(16));
  await site.server.drain(50);
});

Deno.test("POST /attest reaches whoever decides, as it was sent, and the answer comes back as it is (contract 10)", async () => {
  const sent = new Uint8Array(20_000).map((_, i) => i * 7);
  const decided: [client: number, body: Uint8Array][] = [];
  await using site = await siteOf({
    attest: (client, body) => {
      decided.push([client, body!]);
      return Promise.resolve({ status: 429, text: "later\n", retryAfterS: 60 });
    },
  });
  const response = await fetch(`${site.url}/attest`, { method: "POST", body: sent });
  assert.deepEqual([response.status, response.headers.get("retry-after")], [429, "60"]);
  assert.equal(await response.text(), "later\n");
  assert.deepEqual(decided, [[parseIpv4("127.0.0.1"), sent]]);
});

Deno.test("HTTP server: what is too long for POST /attest stays in its thread, however it is sent (contract 10)", async () => {
  const lengths: (number | undefined)[] = [];
  await using site = await siteOf({
    attest: (_client, body) => {
      lengths.push(body?.length);
      return Promise.resolve({ status: 413, text: "the request is too long\n" });
    },
  });
  const long = encoder.encode("x".repeat(64 * 1024 + 1));
  const chunked = () => new Blob([long]).stream();
  for (const body of [long.subarray(1), long, chunked()]) {
    const response = await fetch(`${site.url}/attest`, { method: "POST", body });
    assert.deepEqual([response.status, await response.text()], [413, "the request is too long\n"]);
  }
  assert.deepEqual(lengths, [64 * 1024, undefined, undefined]);
});

Deno.test("without attestation POST /attest says that there is none", async () => {
  await using site = await siteOf();
  const response = await fetch(`${site.url}/attest`, { method: "POST", body: "{}" });
  assert.deepEqual([response.status, await response.text()], [501, "attestation is not available on this server\n"]);
});

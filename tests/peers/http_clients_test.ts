/** The HTTP server beside clients that we did not write: curl, busybox wget, Python's http.client. */
import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { formatIpv4, parseIpv4 } from "../../base/address.ts";
import { MemoryLogger } from "../../base/log.ts";
import { readMachine } from "../../machine/types.ts";
import { startHttpServer } from "../../pxe/http/server.ts";
import { peerTest, run } from "./peer.ts";

const SIZE = 5 * 1024 * 1024 + 11;
const ETAG = '"v1"';
const TEXT = "rendered for 127.0.0.1\n";

/** A server for the machine 127.0.0.1, and a folder for what clients fetch. */
async function siteOf() {
  const folder = await Deno.makeTempDir();
  const big = new Uint8Array(SIZE).map((_, i) => (i * 31 + (i >> 9)) & 255);
  await Deno.writeFile(`${folder}/big`, big);
  const lease = { ipv4: "127.0.0.1", mac: "02:00:00:00:00:01", subnetMask: "255.0.0.0" };
  const { machine } = readMachine({ metadata: { name: "m1" }, spec: { pxe: { dhcpLeases: [lease] } } });
  const hit = { machine, lease: machine.leases[0]! };
  const reports: string[] = [];
  const server = await startHttpServer({
    bindAddress: "127.0.0.1",
    port: 0,
    filesFolder: folder,
    directory: {
      byIp: (ip) => ip === parseIpv4("127.0.0.1") ? hit : undefined,
      byMac: () => undefined,
      byName: () => undefined,
      all: () => [machine],
    },
    resolve: (client, path) => {
      if (path === "/big") return { kind: "file", absolutePath: `${folder}/big`, offset: 0, size: SIZE, etag: ETAG };
      if (path !== "/text") return { kind: "notFound", reason: "no such file" };
      return { kind: "bytes", body: new TextEncoder().encode(`rendered for ${formatIpv4(client)}\n`), etag: ETAG };
    },
    reports: {
      cloudInit: (_machine, { name, type }) => reports.push(`${name} ${type}`),
      pxeDisable: ({ name }) => reports.push(`${name} disable`),
    },
    trustedProxies: [],
    log: new MemoryLogger(),
  });
  return {
    url: `http://127.0.0.1:${server.port}`,
    port: server.port,
    folder,
    big,
    reports,
    [Symbol.asyncDispose]: async () => {
      await server[Symbol.asyncDispose]();
      await Deno.remove(folder, { recursive: true });
    },
  };
}

function digest(bytes: Uint8Array): string {
  return createHash("sha256").update(bytes).digest("hex");
}

function curl(...args: string[]): Promise<string> {
  return run("curl", ["-sS", "--noproxy", "*", "--max-time", "30", ...args]);
}

const CURL = { programs: ["curl"] };

peerTest("curl fetches a file whole, its head, and resumes one that was cut", CURL, async () => {
  await using site = await siteOf();
  const got = `${site.folder}/got`;
  await curl("-o", got, `${site.url}//big`);
  assert.equal(digest(await Deno.readFile(got)), digest(site.big));
  const head = await curl("-I", `${site.url}/big`);
  assert.match(head, /^HTTP\/1.1 200 OK/);
  assert.match(head, new RegExp(`content-length: ${SIZE}\r`, "i"));
  assert.match(head, /accept-ranges: bytes/i);
  await Deno.truncate(got, 1_000_000);
  const status = await curl("-C", "-", "-o", got, "-w", "%{http_code} %{size_download}", `${site.url}/big`);
  assert.equal(status, `206 ${SIZE - 1_000_000}`);
  assert.equal(digest(await Deno.readFile(got)), digest(site.big));
});

peerTest("curl reads slowly and gets the same bytes (chunks are let go of as they are sent)", CURL, async () => {
  await using site = await siteOf();
  const got = `${site.folder}/got`;
  await curl("--limit-rate", "4M", "-o", got, `${site.url}/big`);
  assert.equal(digest(await Deno.readFile(got)), digest(site.big));
});

peerTest("curl asks for ranges and under conditions (RFC 9110 13, 14)", CURL, async () => {
  await using site = await siteOf();
  assert.equal(await curl("-r", "0-7", `${site.url}/text`), "rendered");
  assert.equal(await curl("-r", "-10", `${site.url}/text`), "127.0.0.1\n");
  const code = (...args: string[]) => curl("-o", "/dev/null", "-w", "%{http_code}", ...args);
  assert.equal(await code("-r", `${SIZE}-`, `${site.url}/big`), "416");
  assert.equal(await code("-r", "0-1,5-6", `${site.url}/big`), "200");
  const tag = `${site.folder}/tag`;
  assert.equal(await code("--etag-save", tag, `${site.url}/text`), "200");
  assert.equal(await code("--etag-compare", tag, `${site.url}/text`), "304");
  assert.equal(await code("-H", 'If-Range: "v0"', "-r", "0-1", `${site.url}/text`), "200");
});

peerTest("curl posts events and junk, disables PXE, and is not believed who it is", CURL, async () => {
  await using site = await siteOf();
  const code = (...args: string[]) => curl("-o", "/dev/null", "-w", "%{http_code}", ...args);
  const event = '{"name":"init-network","description":"x","event_type":"start","timestamp":1.5}';
  assert.equal(await code("-H", "Content-Type: application/json", "-d", event, `${site.url}/cloudinit/log`), "200");
  assert.equal(await code("-H", "Transfer-Encoding: chunked", "-d", "junk", `${site.url}/cloudinit/log`), "200");
  assert.equal(
    await code(
      "-H",
      "Transfer-Encoding: chunked",
      "-T",
      `${site.folder}/big`,
      "-X",
      "POST",
      `${site.url}/cloudinit/log`,
    ),
    "200",
  );
  assert.equal(await code("-X", "POST", `${site.url}/pxe/disable`), "200");
  assert.equal(await code(`${site.url}/pxe/disable`), "200");
  assert.deepEqual(site.reports, ["init-network start", "m1 disable", "m1 disable"]);
  assert.equal(await curl("-H", "X-Forwarded-For: 10.0.0.9", `${site.url}/text`), TEXT);
  const refused = await curl("-i", "-X", "DELETE", `${site.url}/big`);
  assert.match(refused, /^HTTP\/1.1 405/);
  assert.match(refused, /allow: GET, HEAD/i);
});

peerTest("curl cannot leave the image, list a folder, or learn where files lie", CURL, async () => {
  await using site = await siteOf();
  for (
    const path of ["/../../etc/passwd", "/%2e%2e/%2e%2e/etc/passwd", "/..%2f..%2fetc/passwd", "/", "/boot/", "/a%00b"]
  ) {
    const text = await curl("--path-as-is", "-i", `${site.url}${path}`);
    assert.match(text, /^HTTP\/1.1 404/, path);
    assert.ok(!text.includes(site.folder) && !text.includes("root:"), path);
  }
});

peerTest("busybox wget fetches, spiders and resumes", { programs: ["busybox"] }, async () => {
  await using site = await siteOf();
  const got = `${site.folder}/got`;
  const wget = (...args: string[]) => run("busybox", ["wget", "-q", "-Y", "off", ...args, `${site.url}/big`]);
  await wget("--spider");
  await Deno.writeFile(got, site.big.subarray(0, 2_000_000));
  await wget("-c", "-O", got);
  assert.equal(digest(await Deno.readFile(got)), digest(site.big));
});

peerTest("Python's http.client keeps one connection for GET, HEAD, an error and a report", {
  programs: ["python3"],
}, async () => {
  await using site = await siteOf();
  const program = `
import http.client, sys
c = http.client.HTTPConnection("127.0.0.1", int(sys.argv[1]), timeout=30)
for method, path, body in [("GET", "/text", None), ("HEAD", "/text", None), ("GET", "/nope", None),
                           ("POST", "/cloudinit/log", b"junk"), ("GET", "/big", None), ("PUT", "/big", b"x"), ("GET", "/text", None)]:
    c.request(method, path, body)
    r = c.getresponse()
    print(method, r.status, r.getheader("content-length"), len(r.read()), c.sock is not None)
`;
  assert.equal(
    await run("python3", ["-c", program, String(site.port)]),
    [
      `GET 200 ${TEXT.length} ${TEXT.length} True`,
      `HEAD 200 ${TEXT.length} 0 True`,
      "GET 404 10 10 True",
      "POST 200 3 3 True",
      `GET 200 ${SIZE} ${SIZE} True`,
      "PUT 405 16 16 True",
      `GET 200 ${TEXT.length} ${TEXT.length} True`,
      "",
    ].join("\n"),
  );
});

/** Foreign TFTP clients fetch from our server: over a clean path, over a bad one, and under a dissector's eye. */
import assert from "node:assert/strict";
import { MemoryLogger } from "../../base/log.ts";
import { startTftpServer, type TftpServer } from "../../pxe/tftp/server.ts";
import { Peer, peerTest, run } from "./peer.ts";
import { LossyPath } from "./tftp_lossy_path.ts";

/** Bytes that do not repeat within a block, the same in each run. */
function content(size: number): Uint8Array {
  const words = new Uint32Array(Math.ceil(size / 4));
  for (let i = 0, x = 1; i < words.length; i++) words[i] = x = (Math.imul(x, 1664525) + 1013904223) >>> 0;
  return new Uint8Array(words.buffer, 0, size);
}

/** A folder with one file, a server for it, and a place for what is fetched. */
class Fixture implements AsyncDisposable {
  readonly #folder = Deno.makeTempDirSync();
  readonly file = `${this.#folder}/file`;
  readonly got = `${this.#folder}/got`;
  readonly log = new MemoryLogger();
  readonly server: TftpServer;

  constructor(readonly body: Uint8Array) {
    Deno.writeFileSync(this.file, body);
    this.server = startTftpServer({
      bindAddress: "127.0.0.1",
      port: 0,
      log: this.log,
      resolve: (_client, path) =>
        path.endsWith("file")
          ? { kind: "file", absolutePath: this.file, offset: 0, size: body.length, etag: "" }
          : path.endsWith("rendered")
          ? { kind: "bytes", body, etag: "" }
          : { kind: "notFound", reason: "no such file" },
    });
  }

  /** What was fetched is what was served, and the log calls it done. */
  async assertSame(wanted: Uint8Array = this.body): Promise<void> {
    const got = await Deno.readFile(this.got);
    assert.equal(got.length, wanted.length);
    assert.equal(await sha256(got), await sha256(wanted));
    await this.server.drain(60_000);
    assert.equal(this.log.lines.at(-1)?.fields.outcome, "done");
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.server[Symbol.asyncDispose]();
    await Deno.remove(this.#folder, { recursive: true });
  }
}

async function sha256(bytes: Uint8Array): Promise<string> {
  return new Uint8Array(await crypto.subtle.digest("SHA-256", bytes as Uint8Array<ArrayBuffer>)).toHex();
}

/** A client: how it is told to fetch `path` from `port` into `got`. */
interface Client {
  readonly name: string;
  readonly program: string;
  readonly args: (port: number, path: string, got: string) => readonly string[];
}
const atftp = (name: string, ...options: string[]): Client => ({
  name,
  program: "atftp",
  args: (
    port,
    path,
    got,
  ) => [...options.flatMap((o) => ["--option", o]), "-g", "-r", path, "-l", got, "127.0.0.1", `${port}`],
});
const CLIENTS: readonly Client[] = [
  {
    name: "tftp-hpa, octet",
    program: "tftp",
    args: (port, path, got) => ["-4", "-m", "binary", "127.0.0.1", `${port}`, "-c", "get", path, got],
  },
  {
    name: "curl, blksize 1468",
    program: "curl",
    args: (port, path, got) => ["-sS", "--tftp-blksize", "1468", "-o", got, `tftp://127.0.0.1:${port}/${path}`],
  },
  {
    name: "curl without options",
    program: "curl",
    args: (port, path, got) => ["-sS", "--tftp-no-options", "-o", got, `tftp://127.0.0.1:${port}/${path}`],
  },
  {
    name: "busybox, blksize 1400",
    program: "busybox",
    args: (port, path, got) => ["tftp", "-g", "-b", "1400", "-r", path, "-l", got, "127.0.0.1", `${port}`],
  },
  atftp("atftp, lock-step", "blksize 1024", "tsize"),
  atftp("atftp, windowsize 4", "blksize 1468", "windowsize 4", "timeout 1"),
  atftp("atftp, windowsize 16", "blksize 1428", "windowsize 16", "tsize", "timeout 1"),
];

for (const { name, program, args } of CLIENTS) {
  for (const path of ["file", "rendered"]) {
    peerTest(
      `${name} fetches a ${path === "file" ? "" : "rendered "}file (contract 6)`,
      { programs: [program] },
      async () => {
        await using fixture = new Fixture(content(3 * 1428 * 64 * 5));
        await run(program, args(fixture.server.port, path, fixture.got));
        await fixture.assertSame();
      },
    );
  }

  peerTest(`${name} gets the same bytes over a path with 1 % loss and copies`, { programs: [program] }, async () => {
    await using fixture = new Fixture(content(name.includes("window") ? 400_000 : 60_000));
    await using path = new LossyPath(fixture.server.port, { loss: 0.01, copies: 0.01, seed: 5 });
    await run(program, args(path.port, "file", fixture.got));
    await fixture.assertSame();
    assert.ok(path.lost + path.copied > 0, "the path was clean");
  });
}

for (const size of [0, 1, 511, 512, 513, 1468 * 64]) {
  peerTest(`atftp fetches ${size} bytes (RFC 1350 6)`, { programs: ["atftp"] }, async () => {
    await using fixture = new Fixture(content(size));
    await run("atftp", atftp("", "windowsize 8").args(fixture.server.port, "file", fixture.got));
    await fixture.assertSame();
  });
}

peerTest(
  "curl fetches 34 MB at block size 512: block numbers roll over (contract 6)",
  { programs: ["curl"] },
  async () => {
    await using fixture = new Fixture(content(34_000_001));
    const url = `tftp://127.0.0.1:${fixture.server.port}/file`;
    await run("curl", ["-sS", "--tftp-blksize", "512", "-o", fixture.got, url]);
    await fixture.assertSame();
  },
);

peerTest("tftp-hpa converts netascii back (RFC 1350 1)", { programs: ["tftp"] }, async () => {
  const lines = new TextEncoder().encode("first\nsecond\r\nthird \r alone\n".repeat(30_000));
  for (const path of ["file", "rendered"]) {
    await using fixture = new Fixture(lines);
    await run("tftp", ["-4", "-m", "ascii", "127.0.0.1", `${fixture.server.port}`, "-c", "get", path, fixture.got]);
    await fixture.assertSame();
  }
});

peerTest("tftp-hpa prints our errors: unknown file, read only", { programs: ["tftp"] }, async () => {
  await using fixture = new Fixture(content(10));
  const command = (...args: string[]) => run("tftp", ["-4", "127.0.0.1", `${fixture.server.port}`, "-c", ...args]);
  assert.match(await command("get", "missing", fixture.got), /code 1: no such file/);
  assert.match(await command("put", fixture.file, "upload"), /code 2: this server is read only/);
});

peerTest("tshark finds nothing malformed in our packets", {
  programs: ["tshark", "tcpdump", "atftp", "tftp", "curl"],
  root: true,
}, async () => {
  await using fixture = new Fixture(content(20_000));
  const { port } = fixture.server;
  const pcap = await Deno.makeTempFile({ suffix: ".pcap" });
  try {
    {
      await using capture = new Peer("tcpdump", [
        "-i",
        "lo",
        "--immediate-mode",
        "-U",
        "-Z",
        "root",
        "-w",
        pcap,
        "udp",
      ]);
      await capture.waitFor(/listening on/);
      await run("tftp", ["-4", "127.0.0.1", `${port}`, "-c", "get", "missing", fixture.got]);
      await run("atftp", atftp("", "windowsize 4", "blksize 1468", "tsize").args(port, "file", fixture.got));
      await run("curl", ["-sS", "-o", fixture.got, `tftp://127.0.0.1:${port}/rendered`]);
      await fixture.assertSame();
    }
    const text = await run("tshark", ["-r", pcap, "-d", `udp.port==${port},tftp`, "-V", "-Y", "tftp"]);
    assert.doesNotMatch(text, /Malformed/);
    for (const opcode of [3, 5, 6]) assert.match(text, new RegExp(`Opcode: .*\\(${opcode}\\)`));
  } finally {
    await Deno.remove(pcap);
  }
});

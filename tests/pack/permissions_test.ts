/** What a running command can still do (design 10): tried from inside its process, by a module that Deno loads before it. */
import { deepEqual, equal, match } from "node:assert/strict";
import { MemoryLogger } from "../../base/log.ts";
import { buildImage } from "../../dev/image/build.ts";
import { sampleImage } from "../../dev/image/sample_store.ts";
import { startDevRegistry } from "../../dev/registry/server.ts";
import { bundle } from "../../tools/bundle.ts";
import { MACHINES } from "../cluster/machines.ts";
import { machine, PluginSite } from "../cluster/plugin_site.ts";
import { freePort, Peer } from "../peers/peer.ts";

const PROBE = new URL("./probe.cjs", import.meta.url).pathname;
const FACTS = { commit: "test", built: "2026-01-01T00:00:00Z" };

/** Made once for all tests: it takes seconds. */
let made = "";
Deno.test.beforeAll(async () => {
  made = await Deno.makeTempDir({ prefix: "permissions-" });
  await bundle(`${made}/bundle`, FACTS);
});
Deno.test.afterAll(() => Deno.remove(made, { recursive: true }));

/** A line of the probe. */
interface Report {
  readonly pid: number;
  readonly when: "start" | "asked";
  readonly results: Readonly<Record<string, string>>;
}

/** A bundle, a cluster, a cache and a folder beside it. */
class Bench implements AsyncDisposable {
  readonly folder: string;
  readonly site: PluginSite;

  private constructor(folder: string, site: PluginSite) {
    this.folder = folder;
    this.site = site;
  }

  static async create(): Promise<Bench> {
    const folder = await Deno.realPath(await Deno.makeTempDir({ prefix: "permissions-" }));
    for (const name of ["cache", "outside"]) await Deno.mkdir(`${folder}/${name}`);
    return new Bench(folder, await PluginSite.with(machine("node-01"), machine("node-02")));
  }

  /** Starts a command with the probe in it. */
  async start(args: readonly string[], { without = "", kubeconfig = this.site.kubeconfig } = {}): Promise<Peer> {
    const flags = (await Deno.readTextFile(`${made}/bundle/flags`)).trim().split("\n");
    const env = {
      NODE_OPTIONS: `--require ${PROBE}`,
      PROBE_FOLDERS: `${this.folder}/cache:${this.folder}/outside`,
      METALMAN_CALLED_AS: "metalman",
    };
    const all = ["run", ...flags.filter((flag) => flag !== without), `${made}/bundle/main.js`, ...args];
    return new Peer(Deno.execPath(), [...all, `--kubeconfig=${kubeconfig}`], { env });
  }

  async servePxe(): Promise<Peer> {
    const ports = ["http", "health", "tftp", "dhcp"].map((name) => `--${name}-port=${freePort()}`);
    const peer = await this.start([
      "serve-pxe",
      "--bind-address=127.0.0.1",
      `--cache-dir=${this.folder}/cache`,
      ...ports,
    ]);
    await peer.waitFor(/ ready /);
    return peer;
  }

  async repave(name: string, without = ""): Promise<Peer> {
    const peer = await this.start(["machine", "repave", name], { without });
    await peer.waitFor(/Powered off\n/);
    return peer;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.site[Symbol.asyncDispose]();
    await Deno.remove(this.folder, { recursive: true });
  }
}

function reports({ output }: Peer): Report[] {
  return [...output.matchAll(/^PROBE (.*)$/gm)].map(([, json]) => JSON.parse(json!));
}

/** What the process can do now. */
async function asked(peer: Peer): Promise<Readonly<Record<string, string>>> {
  Deno.kill(peer.pid, "SIGUSR2");
  await peer.waitFor(/PROBE .*"asked"/);
  return reports(peer).find(({ when }) => when === "asked")!.results;
}

const NOT_CONFINED = ["write in the cache", "listen on all addresses", "listen on loopback", "listen for datagrams"];
const ESCAPES = ["run a program", "run a program as Node does", "load a library", "ask for more", "give a worker more"];
const OUTSIDE = ["write outside", "write through ..", "make a link out of the cache"];

const each = (names: readonly string[], result: string) => Object.fromEntries(names.map((name) => [name, result]));

Deno.test("serve-pxe runs nothing and writes nothing outside its cache after its start (design 10)", async () => {
  await using bench = await Bench.create();
  await using peer = await bench.servePxe();
  deepEqual(await asked(peer), { ...each(NOT_CONFINED, "done"), ...each([...ESCAPES, ...OUTSIDE], "refused") });
  deepEqual(await Array.fromAsync(Deno.readDir(`${bench.folder}/outside`)), []);
  const starts = reports(peer).filter(({ when }) => when === "start");
  deepEqual(starts, [
    { pid: peer.pid, when: "start", results: each(["net", "write", "run", "ffi"], "granted") },
    { pid: peer.pid, when: "start", results: { net: "granted", ...each(["write", "run", "ffi"], "prompt") } },
  ]);
  equal((await peer.stop()).code, 0);
});

Deno.test("what serve-pxe keeps is enough to pull an image and to serve it", async () => {
  await using bench = await Bench.create();
  const files = sampleImage();
  await using registry = await startDevRegistry({ folder: `${bench.folder}/registry`, log: new MemoryLogger() });
  await registry.store.putImage("sample", "v1", await buildImage(files));
  await using peer = await bench.servePxe();
  const lease = { ipv4: "127.0.0.1", mac: "aa:bb:cc:dd:ee:01", subnetMask: "255.0.0.0", gateway: "127.0.0.1" };
  const { metadata, ...rest } = machine("client", { bmc: false });
  const pxe = { image: `${registry.host}/sample:v1`, dhcpLeases: [lease] };
  await bench.site.client.create(MACHINES, { ...rest, metadata, spec: { pxe } });
  await peer.waitFor(/image ready/);
  const [, url] = await peer.waitFor(/serveUrl=(http:\S+)/);
  deepEqual(await (await fetch(`${url}/metadata.yaml`)).bytes(), files.get("metadata.yaml"));
});

Deno.test("machine repave cannot listen, write or run anything (design 10)", async () => {
  await using bench = await Bench.create();
  bench.site.power({ stopAt: "ForceOff" });
  await using peer = await bench.repave("node-01");
  deepEqual(await asked(peer), each([...NOT_CONFINED, ...ESCAPES, ...OUTSIDE], "refused"));
  await using loose = await bench.repave("node-02", "--allow-ffi");
  const { "listen on all addresses": listen, "write outside": write, "run a program": run } = await asked(loose);
  deepEqual(
    [listen, write, run],
    ["done", "refused", "refused"],
    "without the right to start anew, whole kinds are given up",
  );
  match(loose.output, /Powered off/);
});

Deno.test("a credential plugin runs, and it alone; one that is missing is named as before", async () => {
  await using bench = await Bench.create();
  const { folder } = bench;
  const credential = { apiVersion: "client.authentication.k8s.io/v1", kind: "ExecCredential", status: { token: "x" } };
  const plugin = `#!/bin/sh\necho "plugin runs" >&2\necho '${JSON.stringify(credential)}'\n`;
  await Deno.writeTextFile(`${folder}/login`, plugin, { mode: 0o755 });
  const list = async (command: string) => {
    const exec = { apiVersion: credential.apiVersion, command, interactiveMode: "Never" };
    const kubeconfig = {
      clusters: [{ name: "a", cluster: { server: "https://127.0.0.1:1" } }],
      users: [{ name: "a", user: { exec } }],
      contexts: [{ name: "a", context: { cluster: "a", user: "a" } }],
      "current-context": "a",
    };
    await Deno.writeTextFile(`${folder}/kubeconfig`, JSON.stringify(kubeconfig));
    await using peer = await bench.start(["machine", "list"], { kubeconfig: `${folder}/kubeconfig` });
    await peer.end();
    return { output: peer.output.replaceAll(/^PROBE .*\n/gm, ""), kept: reports(peer).at(-1)!.results };
  };
  const { output, kept } = await list(`${folder}/login`);
  equal(output, "plugin runs\nError: cannot reach https://127.0.0.1:1/: ECONNREFUSED\n");
  deepEqual(kept, each(["net", "write", "run", "ffi"], "prompt"));
  match((await list("no-such-plugin")).output, /^Error: .*there is no program "no-such-plugin"; install it.*\n$/);
});

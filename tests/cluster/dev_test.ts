/** `metalman dev` as a newcomer starts it: the real program in a process of its own (issue 4, part 5). Nothing needs to be installed. */
import { deepEqual, equal, match } from "node:assert/strict";
import { load } from "js-yaml";
import { KubeClient } from "../../k8s/client.ts";
import { systemHost } from "../../k8s/host.ts";
import { locateAccess } from "../../k8s/locate.ts";
import { Peer, peerTest, run as runProgram } from "../peers/peer.ts";

const MAIN = new URL("../../main.ts", import.meta.url).pathname;
const MACHINES = "/apis/unbounded-cloud.io/v1alpha3/machines";

interface MachineList {
  readonly items: {
    readonly metadata: { readonly name: string };
    readonly status?: { readonly conditions?: { readonly type: string; readonly status: string }[] };
  }[];
}

/** A folder for temporary files of its own, to see what is left in it. */
async function start(folder: string, ...flags: string[]): Promise<Peer> {
  await Deno.mkdir(`${folder}/tmp`, { recursive: true });
  return new Peer(Deno.execPath(), ["run", "-A", MAIN, "dev", ...flags], { env: { TMPDIR: `${folder}/tmp` } });
}

async function temporary(run: (folder: string) => Promise<void>): Promise<void> {
  const folder = await Deno.makeTempDir({ prefix: "dev-test-" });
  try {
    await run(folder);
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
}

const left = async (folder: string) => (await Array.fromAsync(Deno.readDir(folder))).map(({ name }) => name);

Deno.test("dev --once boots, installs and ends with 0, in plain lines, and leaves nothing behind", () =>
  temporary(async (folder) => {
    await using metalman = await start(folder, "--once", "--machines=3");
    const { code } = await metalman.status;
    equal(code, 0, metalman.output);
    // deno-lint-ignore no-control-regex
    equal(/\x1b/.test(metalman.output), false);
    for (const name of ["node-01", "node-02", "node-03"]) {
      match(
        metalman.output,
        new RegExp(`${name} +installing .*\\n[^]*${name} +cloud-init[^]*${name} +installed +in \\d+`),
      );
    }
    // BMCs, for one, are there before metalman looks for them.
    equal(/needs attention/.test(metalman.output), false, metalman.output);
    deepEqual(await left(`${folder}/tmp`), []);
  }));

Deno.test("a Machine that the user applies gets a server, which boots too; Ctrl-C ends with 0 and keeps only --state", () =>
  temporary(async (folder) => {
    await using metalman = await start(folder, `--state=${folder}/state`);
    await metalman.waitFor(/Installed. Try next:/, 60_000);
    await using second = await start(folder, `--state=${folder}/state`);
    equal((await second.status).code, 1);
    match(
      second.output,
      /^Error: --state \S+ is in use by another metalman dev: end that one, or name another folder\n$/,
    );
    const [, example] = await metalman.waitFor(/kubectl apply -f (\S+)/);
    using client = new KubeClient(await locateAccess(systemHost, { kubeconfig: `${folder}/state/kubeconfig` }));
    const machine = load(await Deno.readTextFile(example!)) as { metadata: { name: string } };
    await client.request("POST", MACHINES, { body: machine });
    await metalman.waitFor(new RegExp(`${machine.metadata.name} +installed`), 60_000);
    const { items } = await client.request<MachineList>("GET", MACHINES);
    deepEqual(items.map(({ metadata }) => metadata.name), ["node-01", "node-02"]);
    await client.request("DELETE", `${MACHINES}/node-01`);
    equal((await metalman.stop("SIGINT")).code, 0, metalman.output);
    deepEqual(await left(`${folder}/tmp`), []);

    // What was kept is there again, on the same ports, and what was deleted is made again.
    await using again = await start(folder, `--state=${folder}/state`, "--once");
    equal((await again.status).code, 0, again.output);
    match(again.output, /node-02 +installed/);
    const next = load(await Deno.readTextFile(example!)) as { metadata: { name: string } };
    equal(next.metadata.name, "node-03");
    const log = await Deno.readTextFile(`${folder}/state/metalman.log`);
    equal(log.match(/serve-pxe starts/g)?.length, 1);
    equal(/other ports/.test(again.output), false, again.output);
  }));

Deno.test("dev --once names the machines that have not installed in time, and exits with 1", () =>
  temporary(async (folder) => {
    await using metalman = await start(folder, "--once", "--timeout=500ms");
    equal((await metalman.status).code, 1);
    match(metalman.output, /Error: not all 1 installed within 500ms \(--timeout\): (node-01: |none is)/);
    deepEqual(await left(`${folder}/tmp`), []);
  }));

Deno.test("a --state that cannot be used is one clear line, and nothing is touched", () =>
  temporary(async (folder) => {
    await Deno.writeTextFile(`${folder}/file`, "");
    await Deno.mkdir(`${folder}/other`);
    await Deno.writeTextFile(`${folder}/other/thesis.tex`, "");
    await Deno.mkdir(`${folder}/old`);
    await Deno.writeTextFile(`${folder}/old/metalman-dev.json`, '{"version":0}');
    const cases: [string, RegExp][] = [
      ["file", /^Error: cannot use --state \S+file: it is not a folder; name a folder that you may write to\n$/],
      ["other", /^Error: --state \S+other holds something else \(thesis.tex\): name an empty or a new folder\n$/],
      [
        "old",
        /^Error: --state \S+old is of another version of metalman \(0, this one writes 1\): name a new folder, or remove it\n$/,
      ],
    ];
    for (const [name, wanted] of cases) {
      await using metalman = await start(folder, `--state=${folder}/${name}`);
      equal((await metalman.status).code, 1);
      match(metalman.output, wanted);
    }
  }));

Deno.test("several that start at once want the same ports, and all find some", () =>
  temporary(async (folder) => {
    await using first = await start(folder, "--once");
    await using second = await start(folder, "--once");
    await using third = await start(folder, "--once");
    for (const metalman of [first, second, third]) equal((await metalman.end()).code, 0, metalman.output);
    deepEqual(await left(`${folder}/tmp`), []);
  }));

Deno.test("proxies of the environment are for elsewhere: nothing of this machine is asked of them", () =>
  temporary(async (folder) => {
    using proxy = Deno.listen({ hostname: "127.0.0.1", port: 0 });
    const url = `http://127.0.0.1:${proxy.addr.port}`;
    const env = {
      TMPDIR: folder,
      HTTP_PROXY: url,
      http_proxy: url,
      ALL_PROXY: url,
      NO_PROXY: "",
      no_proxy: "a.example",
    };
    await using metalman = new Peer(Deno.execPath(), ["run", "-A", MAIN, "dev", "--once", "--timeout=20s"], { env });
    equal((await metalman.end()).code, 0, metalman.output);
  }));

Deno.test("no folder for temporary files, or one that cannot be in KUBECONFIG, is one clear line", () =>
  temporary(async (folder) => {
    await Deno.mkdir(`${folder}/a:b`);
    const cases: [string, RegExp][] = [
      ["none", /^Error: cannot make a temporary folder: .*; set TMPDIR to a folder .*--state\n$/],
      ["a:b", /^Error: TMPDIR=\S+\/a:b: a path with a colon cannot be used, as KUBECONFIG is a list; rename it\n$/],
    ];
    for (const [name, wanted] of cases) {
      const env = { TMPDIR: `${folder}/${name}` };
      await using metalman = new Peer(Deno.execPath(), ["run", "-A", MAIN, "dev"], { env });
      equal((await metalman.end()).code, 1);
      match(metalman.output, wanted);
    }
    deepEqual(await left(`${folder}/a:b`), []);
  }));

peerTest("a disk with too little space: the way out is one that dev has", {
  programs: ["mount", "umount"],
  root: true,
}, () =>
  temporary(async (folder) => {
    await runProgram("mount", ["-t", "tmpfs", "-o", "size=60m", "tmpfs", folder]);
    try {
      await using metalman = await start(folder);
      const [, wayOut] = await metalman.waitFor(/less than 64 MiB left; free space there or ([^"\n]*)/);
      match(wayOut!, /^start again with TMPDIR or --state on another disk/);
    } finally {
      await runProgram("umount", ["-l", folder]);
    }
  }));

Deno.test("a port that is taken: the next one, said so", () =>
  temporary(async (folder) => {
    using taken = Deno.listen({ hostname: "127.0.0.1", port: 0 });
    await Deno.mkdir(`${folder}/state`);
    const ports = { registry: taken.addr.port };
    await Deno.writeTextFile(`${folder}/state/metalman-dev.json`, JSON.stringify({ version: 1, ports }));
    await using metalman = await start(folder, `--state=${folder}/state`, "--once");
    equal((await metalman.status).code, 0, metalman.output);
    match(metalman.output, new RegExp(`! other ports, .*the registry is on \\d+ \\(not ${taken.addr.port}\\)`));
  }));

Deno.test("Ctrl-C that npx and deno task pass on too is one Ctrl-C: the end is orderly, and nothing is left", () =>
  temporary(async (folder) => {
    await using metalman = await start(folder, "--machines=20");
    await metalman.waitFor(/node-\d+ +installing/);
    for (const signal of ["SIGINT", "SIGTERM"] as const) Deno.kill(metalman.pid, signal);
    equal((await metalman.stop("SIGINT")).code, 0, metalman.output);
    deepEqual(await left(`${folder}/tmp`), []);
  }));

peerTest("output that nobody reads any more (| head) ends it without a word, and nothing is left", {
  programs: ["bash"],
}, () =>
  temporary(async (folder) => {
    await Deno.mkdir(`${folder}/tmp`);
    const line = `"$1" run -A "$2" dev | head -n 2; echo "\${PIPESTATUS[0]}"`;
    await using shell = new Peer("bash", ["-c", line, "bash", Deno.execPath(), MAIN], {
      env: { TMPDIR: `${folder}/tmp` },
    });
    await shell.end();
    match(shell.output, /^metalman dev, for trying things out.*\n.*\n1\n$/);
    deepEqual(await left(`${folder}/tmp`), []);
  }));

peerTest(
  "a terminal that is closed ends it, and nothing is left",
  { programs: ["script"] },
  () =>
    temporary(async (folder) => {
      await Deno.mkdir(`${folder}/tmp`);
      const line = `exec ${Deno.execPath()} run -A ${MAIN} dev`;
      await using script = new Peer("script", ["-qfc", line, "/dev/null"], { env: { TMPDIR: `${folder}/tmp` } });
      await script.waitFor(/installing/);
      using watch = Deno.watchFs(`${folder}/tmp`);
      // script holds the terminal: it dies without a word to what runs on it.
      await script.stop("SIGKILL");
      for await (const _ of watch) if ((await left(`${folder}/tmp`)).length === 0) break;
    }),
);

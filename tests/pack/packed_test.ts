/** The packed file as it is given to people: the real Deno and the real program in it. */
import { deepEqual, equal, match } from "node:assert/strict";
import { pack } from "../../tools/pack.ts";
import { KUBECTL } from "../cluster/kubectl_peer.ts";
import { Peer, peerTest, which } from "../peers/peer.ts";

/** All that the launcher is allowed to find: no deno, no node. */
const PROGRAMS = [
  "sh",
  "ls",
  "id",
  "mkdir",
  "mktemp",
  "tail",
  "gzip",
  "tar",
  "cat",
  "chmod",
  "mv",
  "rm",
  "find",
  "sha256sum",
];
const VERSION =
  /^v\d+\.\d+\.\d+ \(commit: ([0-9a-f]{40}(-dirty)?|unknown), built: \d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ\)\n$/;

/** Packed once for all tests: it takes seconds. */
let made = "";
Deno.test.beforeAll(async () => {
  made = await Deno.makeTempDir({ prefix: "packed-" });
  await pack({ output: `${made}/metalman`, deno: Deno.execPath() });
});
Deno.test.afterAll(() => Deno.remove(made, { recursive: true }));

/** A newcomer's machine: the file, an empty folder to work in, an empty HOME. */
class Newcomer implements AsyncDisposable {
  readonly folder: string;

  private constructor(folder: string) {
    this.folder = folder;
  }

  static async create(): Promise<Newcomer> {
    const folder = await Deno.realPath(await Deno.makeTempDir({ prefix: "packed-" }));
    for (const name of ["home", "tmp", "bin", "work"]) await Deno.mkdir(`${folder}/${name}`, { mode: 0o700 });
    for (const name of PROGRAMS) await Deno.symlink(which(name)!, `${folder}/bin/${name}`);
    await Deno.symlink(`${made}/metalman`, `${folder}/bin/metalman`);
    await Deno.symlink("metalman", `${folder}/bin/kubectl-unbounded`);
    return new Newcomer(folder);
  }

  /** Starts a program of PATH, in the empty folder. */
  start(program: string, ...args: string[]): Peer {
    const { folder } = this;
    const env = [`HOME=${folder}/home`, `TMPDIR=${folder}/tmp`, `PATH=${folder}/bin`];
    return new Peer("env", ["-i", ...env, program, ...args], { cwd: `${folder}/work` });
  }

  async run(program: string, ...args: string[]): Promise<{ code: number; output: string }> {
    await using peer = this.start(program, ...args);
    const { code } = await peer.end();
    return { code, output: peer.output };
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await Deno.remove(this.folder, { recursive: true });
  }
}

peerTest("the packed file: version, names, exit codes, dev, SIGTERM", { programs: PROGRAMS }, async (t) => {
  await using newcomer = await Newcomer.create();
  await t.step("version says which commit it is, on the first start and on later ones (contract 3)", async () => {
    for (let i = 0; i < 2; i++) match((await newcomer.run("metalman", "version")).output, VERSION);
  });
  await t.step("its name changes the usage line (contract 3)", async () => {
    match((await newcomer.run("metalman", "--help")).output, /^Usage: metalman COMMAND\n/);
    match((await newcomer.run("kubectl-unbounded", "--help")).output, /^Usage: kubectl unbounded COMMAND\n/);
    match(
      (await newcomer.run("kubectl-unbounded", "machine", "repave", "--help")).output,
      /^Usage: kubectl unbounded machine/,
    );
  });
  await t.step("exit codes are the program's", async () => {
    equal((await newcomer.run("metalman", "nonsense")).code, 2);
    deepEqual(await newcomer.run("metalman", "machine", "list"), {
      code: 1,
      output: "Error: no cluster is configured: give --kubeconfig, set KUBECONFIG, or run in a pod\n",
    });
  });
  await t.step("dev --once installs a server, from an empty folder, without deno or node", async () => {
    const { code, output } = await newcomer.run("metalman", "dev", "--once");
    deepEqual([code, /node-01 +installed +in \d/.test(output)], [0, true], output);
    deepEqual(await Array.fromAsync(Deno.readDir(`${newcomer.folder}/work`)), []);
    deepEqual(await Array.fromAsync(Deno.readDir(`${newcomer.folder}/tmp`)), []);
    deepEqual((await Array.fromAsync(Deno.readDir(`${newcomer.folder}/home`))).map(({ name }) => name), [".cache"]);
  });
  await t.step("SIGTERM reaches it: dev ends with 0", async () => {
    await using peer = newcomer.start("metalman", "dev");
    await peer.waitFor(/kubectl get machines/);
    equal((await peer.stop("SIGTERM")).code, 0, peer.output);
  });
});

peerTest("kubectl finds it in PATH: kubectl unbounded", { programs: PROGRAMS, files: [KUBECTL] }, async () => {
  await using newcomer = await Newcomer.create();
  const { folder } = newcomer;
  await Deno.symlink(KUBECTL, `${folder}/bin/kubectl`);
  match((await newcomer.run("kubectl", "unbounded", "version")).output, VERSION);
  match((await newcomer.run("kubectl", "plugin", "list")).output, /\/bin\/kubectl-unbounded\n/);
  equal((await newcomer.run("kubectl", "unbounded", "nonsense")).code, 2);
});

Deno.test("tools/pack.ts names what it cannot pack", async () => {
  const tool = new URL("../../tools/pack.ts", import.meta.url).pathname;
  await using peer = new Peer(Deno.execPath(), ["run", "-A", tool, "--target=windows"]);
  equal((await peer.end()).code, 1);
  match(peer.output, /^pack: there is no target "windows"\nTargets: linux-x64-glibc, /);
});

import { deepEqual, equal, match } from "node:assert/strict";
import type { DevSettings } from "./dev/settings.ts";
import type { Io } from "./io.ts";
import { runCommand } from "./root.ts";
import type { MachineSettings } from "./machine/settings.ts";
import type { ServeSettings } from "./serve/settings.ts";
import type { DeploySettings } from "./site/settings.ts";
import { StartError } from "./usage.ts";

interface Outcome {
  dev?: DevSettings;
  code: number;
  out: string;
  err: string;
  settings?: ServeSettings;
  machine?: MachineSettings;
  deploy?: DeploySettings;
}

async function call(args: string[], calledAs = "metalman", fail?: Error): Promise<Outcome> {
  const outcome: Outcome = { code: -1, out: "", err: "" };
  const io: Io = {
    stdout: (text) => void (outcome.out += text),
    stderr: (text) => void (outcome.err += text),
    env: (name) => name === "HOME" ? "/home/op" : undefined,
    keep: () => Promise.resolve(),
    signal: new AbortController().signal,
    calledAs,
    terminal: () => undefined,
    ask: () => Promise.resolve(undefined),
  };
  outcome.code = await runCommand(args, io, {
    serve(settings) {
      outcome.settings = settings;
      return fail ? Promise.reject(fail) : Promise.resolve();
    },
    dev(settings) {
      outcome.dev = settings;
      return Promise.resolve();
    },
    machine(settings) {
      outcome.machine = settings;
      return Promise.resolve(124);
    },
    deploy(settings) {
      outcome.deploy = settings;
      return Promise.resolve(124);
    },
    machineNames: () => Promise.resolve(["node-01", "node-02"]),
    contextNames: () => Promise.resolve(["lab"]),
  });
  return outcome;
}

Deno.test("version prints VERSION (commit: SHA, built: TIME) (contract 3)", async () => {
  const { code, out } = await call(["version"]);
  equal(code, 0);
  match(out, /^v\d+\.\d+\.\d+ \(commit: \S+, built: \S+\)\n$/);
});

Deno.test("flags are read as --x=v and --x v, switches as --x=false (contract 3)", async () => {
  const one = await call(["serve-pxe", "--site=a", "--http-port", "81", "--dhcp-auto-interface=true"]);
  deepEqual([one.code, one.settings?.site, one.settings?.httpPort, one.settings?.dhcp.kind], [0, "a", 81, "auto"]);
  const two = await call([
    "site",
    "serve-pxe",
    "--dhcp-auto-interface=false",
    "--trusted-proxy=10.0.0.0/8",
    "--trusted-proxy",
    "192.0.2.1",
  ]);
  deepEqual([two.settings?.dhcp.kind, two.settings?.trustedProxies.length], ["relay", 2]);
});

Deno.test("a mistake is one clear line, exit code 2", async () => {
  const cases: [string[], RegExp][] = [
    [["serve-pxe", "--bogus"], /^Error: unknown option '--bogus'\nSee --help.\n$/],
    [
      ["serve-pxe", "--http-port=x"],
      /^Error: invalid argument "x" for "--http-port": want a port from 1 to 65535\nSee --help.\n$/,
    ],
    [["serve-pxe", "--dhcp-auto-interface=maybe"], /^Error: invalid argument "maybe" for "--dhcp-auto-interface"/],
    [["serve-pxe", "extra"], /^Error: too many arguments/],
    [["serve-pxy"], /^Error: unknown command 'serve-pxy'/],
  ];
  for (const [args, want] of cases) {
    const { code, err, settings } = await call(args);
    equal(code, 2, args.join(" "));
    match(err, want);
    equal(settings, undefined);
  }
});

Deno.test("what cannot be done here is one clear line, exit code 1", async () => {
  const { code, err } = await call(["serve-pxe"], "metalman", new StartError("port 67/udp is in use"));
  deepEqual([code, err], [1, "Error: port 67/udp is in use\n"]);
});

Deno.test("help has examples, and the usage line follows the name it is called by (contract 3)", async () => {
  const help = await call(["serve-pxe", "--help"]);
  equal(help.code, 0);
  match(help.out, /^Usage: metalman serve-pxe \[options\]/);
  match(help.out, /Examples:\n {2}# /);
  match(
    (await call(["site", "serve-pxe", "--help"], "/usr/local/bin/kubectl-unbounded")).out,
    /^Usage: kubectl unbounded site serve-pxe/,
  );
});

/** What `deno info --json` prints, as far as it is read here. */
interface ModuleGraph {
  readonly modules: readonly {
    readonly specifier: string;
    readonly dependencies?: readonly { readonly code?: { readonly specifier: string } }[];
  }[];
}

Deno.test("what a version needs is all that is loaded for it: no package, and few files", async () => {
  const main = new URL("../main.ts", import.meta.url).pathname;
  const { stdout } = await new Deno.Command(Deno.execPath(), { args: ["info", "--json", main] }).output();
  const { modules } = JSON.parse(new TextDecoder().decode(stdout)) as ModuleGraph;
  const root = new URL("../", import.meta.url).href;
  const loaded = new Set([`${root}main.ts`]);
  // Types are not loaded; what is imported later in literal words is.
  for (const specifier of loaded) {
    const { dependencies = [] } = modules.find((module) => module.specifier === specifier)!;
    for (const { code } of dependencies) if (code !== undefined) loaded.add(code.specifier);
  }
  deepEqual([...loaded].map((specifier) => specifier.replace(root, "")).sort(), [
    "cmd/front_page.ts",
    "cmd/root.ts",
    "cmd/terminal.ts",
    "cmd/usage.ts",
    "cmd/version.ts",
    "deno.json",
    "main.ts",
  ]);
});

Deno.test("the help of the whole names each command, and so does each group; a group alone is wrong usage", async () => {
  const { code, out } = await call(["--help"], "/usr/bin/kubectl-unbounded");
  equal(code, 0);
  match(out, /^Usage: kubectl unbounded COMMAND\n/);
  deepEqual([...out.matchAll(/^ {2}(\S+)/gm)].map(([, name]) => name), [
    ...["serve-pxe", "machine", "site", "manifests", "dev", "completion", "version"],
  ]);
  const group = await call(["machine"]);
  deepEqual([group.code, group.out], [2, ""]);
  match(group.err, /^Usage: metalman machine [^]*repave[^]*reboot[^]*list[^]*status/);
  deepEqual((await call([])).err, (await call(["--help"])).out);
});

Deno.test("every command's help has examples", async () => {
  for (
    const args of [["machine", "repave"], ["machine", "reboot"], ["machine", "list"], ["machine", "status"], [
      "completion",
    ]]
  ) {
    const { code, out } = await call([...args, "--help"], "kubectl-unbounded");
    equal(code, 0);
    match(out, new RegExp(`\\nExamples:\\n {2}# .*\\n {2}kubectl unbounded ${args.join(" ")}`));
  }
});

Deno.test("machine commands: flags in every spelling, the action's exit code", async () => {
  const cases: [string[], MachineSettings][] = [
    [
      ["machine", "repave", "a", "--until=ready", "b", "-o", "json", "--timeout", "5m"],
      {
        ...{ kind: "repave", which: { kind: "names", names: ["a", "b"] }, yes: false, until: "ready" },
        ...{ timeoutMs: 300_000, output: "json" },
      },
    ],
    // A flag that may stand alone takes no word after it, as in pflag.
    [
      ["machine", "reboot", "--dry-run", "a"],
      {
        ...{ kind: "reboot", which: { kind: "names", names: ["a"] }, yes: false, timeoutMs: 3_600_000 },
        dryRun: "client",
      },
    ],
    [
      ["machine", "reboot", "--wait=false", "--all", "--yes=true"],
      { kind: "reboot", which: { kind: "all" }, yes: true, timeoutMs: 3_600_000 },
    ],
    [["machine", "reboot", "-lx=y", "--wait"], {
      ...{ kind: "reboot", which: { kind: "selector", selector: "x=y" }, yes: false },
      ...{ until: "power", timeoutMs: 3_600_000 },
    }],
    [["machine", "list", "-l", "x=y"], { kind: "list", selector: "x=y" }],
    [["machine", "status", "a", "--context=lab"], { kind: "status", name: "a", context: "lab" }],
  ];
  for (const [args, wanted] of cases) {
    const { code, machine, err } = await call(args);
    deepEqual([code, machine], [124, wanted], err);
  }
});

Deno.test("completion prints a script; of an unknown shell it says which there are", async () => {
  for (const shell of ["bash", "zsh", "fish", "kubectl"]) match((await call(["completion", shell])).out, /__complete/);
  deepEqual(
    (await call(["completion", "csh"])).err,
    'Error: no completion for "csh": want one of bash, zsh, fish, kubectl\nSee --help.\n',
  );
  equal((await call(["__complete", "machine", "status", "n"])).out, "node-01\nnode-02\n:4\n");
});

Deno.test("site deploy-pxe: flags in every spelling, the action's exit code; its help has examples", async () => {
  const plain = { site: "a", replicas: 1, dhcp: { kind: "auto" }, cache: { kind: "empty" }, forceConflicts: false };
  const image = "metalman:latest";
  const cases: [string[], object][] = [
    [["--site=a"], { ...plain, image }],
    [["--site", "a", "--image", "x", "--relay"], { ...plain, image: "x", dhcp: { kind: "relay" } }],
    [["--site=a", "--dry-run", "-oyaml"], { ...plain, image, dryRun: "client", output: "yaml" }],
    [["--wait", "--site=a", "--timeout=1m"], { ...plain, image, wait: { timeoutMs: 60_000 } }],
    [["--wait=false", "--site=a", "--relay=false"], { ...plain, image }],
  ];
  for (const [args, wanted] of cases) {
    const { code, deploy, err } = await call(["site", "deploy-pxe", ...args]);
    deepEqual([code, deploy], [124, wanted], err);
  }
  const none = await call(["site", "deploy-pxe"]);
  deepEqual([none.code, none.err], [1, "Error: --site is required: which site is the PXE server for?\n"]);
  match(
    (await call(["site", "deploy-pxe", "--help"], "kubectl-unbounded")).out,
    /\nExamples:\n {2}# .*\n {2}kubectl unbounded site deploy-pxe --site=rack-a\n/,
  );
});

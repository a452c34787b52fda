import { deepEqual, equal, match } from "node:assert/strict";
import type { DevSettings } from "./dev/settings.ts";
import { type Io, runCommand } from "./root.ts";
import type { MachineSettings } from "./machine/settings.ts";
import type { ServeSettings } from "./serve_settings.ts";
import { StartError } from "./usage.ts";

interface Outcome {
  dev?: DevSettings;
  code: number;
  out: string;
  err: string;
  settings?: ServeSettings;
  machine?: MachineSettings;
}

async function call(args: string[], calledAs = "metalman", fail?: Error): Promise<Outcome> {
  const outcome: Outcome = { code: -1, out: "", err: "" };
  const io: Io = {
    stdout: (text) => void (outcome.out += text),
    stderr: (text) => void (outcome.err += text),
    env: (name) => name === "HOME" ? "/home/op" : undefined,
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

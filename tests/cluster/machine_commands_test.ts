/** The machine commands against an API server, with machines that do what is asked of them (contract 3). */
import { deepEqual, equal, match } from "node:assert/strict";
import { load } from "js-yaml";
import { MACHINES } from "./machines.ts";
import { Call, machine, PluginSite } from "./plugin_site.ts";

const STEPS = ["Powering off...", "Powered off", "Powering on...", "Powered on", "ready"];
const lines = (text: string) => text.split("\n").filter((line) => line !== "");
const counters = (object: { spec?: { operations?: unknown } }) => object.spec?.operations;

Deno.test("repave raises both counters, prints the steps and ends with 0 when the reboot is counted", async () => {
  await using site = await PluginSite.with(machine("node-01"));
  site.power();
  const { code, out, err } = await site.ends("machine repave node-01");
  deepEqual([code, lines(out), err], [0, STEPS, ""]);
  deepEqual(counters(await site.get("node-01")), { rebootCounter: 1, repaveCounter: 1 });
});

Deno.test("reboot leaves the repave counter alone, and does it again when asked again", async () => {
  await using site = await PluginSite.with(machine("node-01"));
  site.power();
  for (const rebootCounter of [1, 2]) {
    deepEqual(lines((await site.ends("machine reboot node-01")).out), STEPS);
    deepEqual(counters(await site.get("node-01")), { rebootCounter });
  }
});

Deno.test("--until=ready waits for the installation and for cloud-init", async () => {
  await using site = await PluginSite.with(machine("node-01"));
  site.power({ installs: true });
  const { code, out } = await site.ends("machine repave node-01 --until ready");
  deepEqual([code, lines(out)], [0, [...STEPS.slice(0, 4), "Installing...", "Installed", "Starting...", "ready"]]);
});

Deno.test("several: each line names its machine, each is handled on its own, the exit code is the worst", async () => {
  await using site = await PluginSite.with(machine("a"), machine("b", { bmc: false }), machine("c"));
  site.power();
  const { code, out, err } = await site.ends("machine repave a b nowhere c");
  equal(code, 1);
  for (const name of ["a", "c"]) {
    const own = lines(out).filter((line) => line.startsWith(`${name}: `)).map((line) => line.slice(3));
    deepEqual(own, STEPS);
  }
  deepEqual(lines(err).sort(), [
    'Error from server (NotFound): machines.unbounded-cloud.io "nowhere" not found',
    'Error: machine "b" has no spec.pxe.redfish: BMC access is needed to repave it',
  ]);
  equal(counters(await site.get("b")), undefined);
});

Deno.test("-l means those with the labels", async () => {
  const labels = { rack: "a" };
  await using site = await PluginSite.with(machine("x", { labels }), machine("y"), machine("z", { labels }));
  site.power();
  const { code, out } = await site.ends("machine reboot -l rack=a");
  deepEqual([code, lines(out).filter((line) => line.endsWith("ready")).sort()], [0, ["x: ready", "z: ready"]]);
  equal(counters(await site.get("y")), undefined);
});

Deno.test("--all asks first; without a terminal it wants --yes", async () => {
  await using site = await PluginSite.with(machine("a"), machine("b"));
  const refused = site.call("machine repave --all --wait=false", { answer: "n" });
  deepEqual([await refused.code, refused.err], [1, "Nothing is changed.\n"]);
  deepEqual(refused.questions, [`Repave (erase and install anew) all 2 Machines of ${site.api.url}? [y/N]`]);
  const unasked = await site.ends("machine repave --all");
  deepEqual([unasked.code, unasked.err], [
    2,
    "Error: --all asks first, and there is no terminal to ask on; add --yes\nSee --help.\n",
  ]);
  equal(counters(await site.get("a")), undefined);
  for (const [line, answer] of [["--all", "y"], ["--all --yes", undefined]] as const) {
    const done = await site.ends(`machine reboot ${line} --wait=false`, answer === undefined ? {} : { answer });
    deepEqual(lines(done.out), ["a", "b"].map((name) => `machine.unbounded-cloud.io/${name} reboot requested`));
  }
  deepEqual(counters(await site.get("b")), { rebootCounter: 2 });
});

Deno.test("many at once on one Machine: each counts, conflicts are tried again", async () => {
  await using site = await PluginSite.with(machine("node-01"));
  site.power();
  const calls = Array.from(
    { length: 10 },
    (_, i) => site.ends(`machine ${i % 2 ? "repave" : "reboot"} node-01 --wait=false`),
  );
  deepEqual((await Promise.all(calls)).map(({ code }) => code), new Array(10).fill(0));
  deepEqual(counters(await site.get("node-01")), { rebootCounter: 10, repaveCounter: 5 });
});

Deno.test("--dry-run changes nothing and shows what would be", async () => {
  await using site = await PluginSite.with(machine("a"));
  const before = await site.get("a");
  equal(
    (await site.ends("machine repave a --dry-run")).out,
    "machine.unbounded-cloud.io/a repave requested (dry run)\n",
  );
  const server = await site.ends("machine repave a --dry-run=server -o yaml");
  deepEqual(counters(load(server.out) as object), { rebootCounter: 1, repaveCounter: 1 });
  const list = await site.ends("machine repave --all --dry-run=client -o json");
  const { kind, items } = JSON.parse(list.out);
  deepEqual([kind, items.length, counters(items[0])], ["List", 1, { rebootCounter: 1, repaveCounter: 1 }]);
  equal(items[0].metadata.managedFields, undefined);
  deepEqual(await site.get("a"), before);
});

Deno.test("-o prints the Machine as it ends, and the steps on standard error", async () => {
  await using site = await PluginSite.with(machine("a"));
  site.power();
  const { code, out, err } = await site.ends("machine reboot a -o json");
  deepEqual([code, JSON.parse(out).status.operations.rebootCounter, lines(err)], [0, 1, STEPS]);
  equal((await site.ends("machine reboot a -o name")).out, "machine.unbounded-cloud.io/a\n");
});

Deno.test("too late: 124, and where each machine stands", async () => {
  await using site = await PluginSite.with(machine("a"), machine("b"));
  const { code, err } = await site.ends("machine reboot a b --timeout=1ms");
  equal(code, 124);
  equal(
    err,
    "Error: not done within 1ms (--timeout); the work goes on:\n" +
      "  a: waiting for metalman to begin\n  b: waiting for metalman to begin\n",
  );
});

Deno.test("Ctrl-C: 130, stops waiting and not the work", async () => {
  await using site = await PluginSite.with(machine("a"));
  site.power({ stopAt: "ForceOff" });
  const call = site.call("machine reboot a", { calledAs: "/bin/kubectl-unbounded" });
  await call.waitFor(/Powered off/);
  call.interrupt();
  equal(await call.code, 130);
  equal(
    call.err,
    'Stopped waiting; the work goes on:\n  a: Powered off\nSee it with "kubectl unbounded machine status NAME".\n',
  );
  deepEqual(counters(await site.get("a")), { rebootCounter: 1 });
});

Deno.test("an outage of the API server is waited out", async () => {
  await using site = await PluginSite.with(machine("a"));
  site.power({ stopAt: "PoweringOff" });
  const call = site.call("machine reboot a");
  await call.waitFor(/Powering off/);
  await site.outage(() => call.waitFor(/! watch is interrupted; trying again until it works: .*ECONN/));
  await site.client.replaceStatus(MACHINES, { ...await site.get("a"), status: { operations: { rebootCounter: 1 } } });
  equal(await call.code, 0);
  match(call.out, /^Powering off...\n! watch is[^]*\n! watch goes on\nPowered off\n[^]*ready\n$/);
});

Deno.test("a Machine that is deleted meanwhile: 1", async () => {
  await using site = await PluginSite.with(machine("a"), machine("b"));
  site.power({ stopAt: "PoweringOn" });
  const call = site.call("machine reboot a b");
  await call.waitFor(/a: Powering on[^]*b: Powering on|b: Powering on[^]*a: Powering on/);
  await site.client.request("DELETE", "/apis/unbounded-cloud.io/v1alpha3/machines/a");
  await site.client.replaceStatus(MACHINES, { ...await site.get("b"), status: { operations: { rebootCounter: 1 } } });
  deepEqual([await call.code, call.err], [1, 'Error: machine "a": the Machine was deleted\n']);
  match(call.out, /b: ready\n$/);
});

Deno.test("on a terminal there is one live line for each", async () => {
  await using site = await PluginSite.with(machine("a"), machine("b"));
  site.power();
  const { code, out } = await site.ends("machine reboot a b", { terminal: { columns: 80, rows: 24 } });
  equal(code, 0);
  // deno-lint-ignore no-control-regex
  deepEqual(out.split(/\x1b\[2A\r\x1b\[J/).at(-1), "✓ a  ready\n✓ b  ready\n");
});

Deno.test("list and status show what the Machines do, and what was said of them", async () => {
  await using site = await PluginSite.with(machine("a", { labels: { rack: "1" } }), machine("b"));
  site.power({ stopAt: "PoweringOff" });
  const call = site.call("machine repave a");
  await call.waitFor(/Powering off/);
  call.interrupt();
  await call.code;
  const { metadata: { uid } } = await site.get("a");
  await site.client.create({ group: "", version: "v1", plural: "events", namespace: "default" }, {
    metadata: { name: "a.1", namespace: "default" },
    involvedObject: { apiVersion: "unbounded-cloud.io/v1alpha3", kind: "Machine", name: "a", uid },
    ...{ type: "Warning", reason: "BmcUnreachable", message: "no route to 192.0.2.1" },
    lastTimestamp: new Date().toISOString().replace(/\.\d+/, ""),
  });
  const list = await site.ends("machine list");
  match(
    list.out,
    /^NAME +STATE +POWER .*\na +repaving +powering off +0 of 1 +0 of 1 +registry.test\/os:v1 +\d+s\nb +no DHCP lease /,
  );
  equal((await site.ends("machine list -l rack=1 -o name")).out, "machine.unbounded-cloud.io/a\n");
  const none = await site.ends("machine list -l rack=2");
  deepEqual([none.code, none.out, none.err], [0, "", "No resources found\n"]);
  const { out } = await site.ends("machine status a");
  match(out, /Power: +powering off \(target reboots: 1\)\nBoot order: +network, as a repave is pending\n/);
  match(out, /Conditions:\n.*\n {2}PoweredOff +False +PoweringOff [^]*Events:\n.*\n.* BmcUnreachable +no route/);
  equal(JSON.parse((await site.ends("machine status a -o json")).out).metadata.name, "a");
});

Deno.test("bad input is one clear line", async () => {
  await using site = await PluginSite.with(machine("a"));
  const notFound = 'Error from server (NotFound): machines.unbounded-cloud.io "x" not found\n';
  const cases: readonly [line: string, code: number, err: string | RegExp][] = [
    ["machine repave x", 1, notFound],
    ["machine status x", 1, notFound],
    ["machine repave ../../api", 1, /^Error from server \(NotFound\): .*\n$/],
    ["machine repave a --context=y", 1, /^Error: \S+kubeconfig: there is no context "y"; there is lab\n$/],
    ["machine repave -l a=b=c", 2, /^Error: invalid argument "a=b=c" for "-l, --selector": .*\nSee --help.\n$/],
    ["machine list -l a=b=c", 2, /^Error: invalid argument "a=b=c" for "-l, --selector": .*\nSee --help.\n$/],
    ["machine repave -l a=b", 1, "Error: no Machine has the labels a=b\n"],
    ["machine repave --all a", 2, "Error: names, -l and --all exclude each other; give one of them\nSee --help.\n"],
    [
      "machine repave a -o xml",
      2,
      'Error: invalid argument "xml" for "--output": want one of json, yaml, name\nSee --help.\n',
    ],
    [
      "machine reboot a --until=installed",
      2,
      "Error: --until=installed is for repave: a reboot installs nothing\nSee --help.\n",
    ],
    ["machine repave a --timeout", 2, /^Error: option '--timeout <duration>' argument missing\nSee --help.\n$/],
    ["machine status", 2, "Error: missing required argument 'name'\nSee --help.\n"],
    ["machine repaev a", 2, /^Error: unknown command 'repaev'\n\(Did you mean repave\?\)\nSee --help.\n$/],
  ];
  for (const [line, code, err] of cases) {
    const done = line.includes("--timeout") ? new Call(line.split(" ")) : site.call(line);
    deepEqual([await done.code, done.out], [code, ""], `${line}: ${done.out}${done.err}`);
    if (typeof err === "string") equal(done.err, err);
    else match(done.err, err);
  }
});

Deno.test("no cluster: one clear line", async () => {
  await using site = await PluginSite.with();
  const cases: readonly [kubeconfig: string, err: RegExp][] = [
    [`${site.kubeconfig}-none`, /^Error: --kubeconfig=\S+-none: there is no such file\n$/],
    ["/dev/null", /^Error: \/dev\/null: no current-context/],
  ];
  for (const [kubeconfig, err] of cases) {
    const call = new Call(["machine", "list", "--kubeconfig", kubeconfig]);
    equal(await call.code, 1);
    match(call.err, err);
  }
  await site.outage(async () => {
    const unreachable = `cannot reach ${site.api.url}/: ECONNREFUSED`;
    const list = await site.ends("machine list");
    deepEqual([list.code, list.err], [1, `Error: ${unreachable}\n`]);
    const repave = await site.ends("machine repave a b");
    deepEqual([repave.code, lines(repave.err).sort()], [1, [
      `Error: machine "a": ${unreachable}`,
      `Error: machine "b": ${unreachable}`,
    ]]);
  });
});

Deno.test("completion knows the Machines and contexts of the cluster, and is silent without one", async () => {
  await using site = await PluginSite.with(machine("node-01"), machine("node-02"));
  const at = `--kubeconfig=${site.kubeconfig}`;
  const complete = async (...words: string[]) => {
    const call = new Call(["__complete", ...words]);
    return [await call.code, call.out, call.err];
  };
  deepEqual(await complete("machine", "repave", at, "node-01", ""), [0, "node-02\n:4\n", ""]);
  deepEqual(await complete("machine", "status", at, "--context", ""), [0, "lab\n:4\n", ""]);
  const nowhere = `${at}-none`;
  deepEqual(await complete("machine", "status", nowhere, ""), [0, ":4\n", ""]);
  deepEqual(await complete("machine", "status", nowhere, "--context", ""), [0, ":4\n", ""]);
});

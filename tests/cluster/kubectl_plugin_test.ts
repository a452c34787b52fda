/** `kubectl unbounded` as an operator has it: the real kubectl, the program in a process of its own, a real API server. */
import { deepEqual, equal, match } from "node:assert/strict";
import { API_SERVER, startApiServer } from "../peers/apiserver.ts";
import { peerTest } from "../peers/peer.ts";
import { Desk } from "./desk.ts";
import { KUBECTL } from "./kubectl_peer.ts";
import { clientFor, MACHINES } from "./machines.ts";
import { Call, machine, PluginSite } from "./plugin_site.ts";

const STEPS = "Powering off...\nPowered off\nPowering on...\nPowered on\nready\n";

peerTest(
  "kubectl unbounded repaves, and completes commands, flags and Machines",
  { programs: [], files: [KUBECTL] },
  async () => {
    await using site = await PluginSite.with(machine("node-01"), machine("node-02"));
    site.power();
    await using desk = await Desk.with(site.kubeconfig);
    deepEqual(await desk.run(KUBECTL, "unbounded", "machine", "repave", "node-01"), { code: 0, output: STEPS });
    deepEqual(await desk.run(KUBECTL, "unbounded", "machine", "repave", "nowhere"), {
      code: 1,
      output: 'Error from server (NotFound): machines.unbounded-cloud.io "nowhere" not found\n',
    });
    match((await desk.run(KUBECTL, "unbounded", "version")).output, /^v\d+\.\d+\.\d+ \(commit: /);
    const complete = async (...words: string[]) => {
      const { output } = await desk.run(KUBECTL, "__complete", "unbounded", ...words);
      return output.split("\n").filter((line) => !/^($|\[Debug\]|Completion ended)/.test(line));
    };
    deepEqual(await complete("machine", "repave", "node-01", ""), ["node-02", ":4"]);
    deepEqual(await complete("machine", "repave", "--until", "p"), ["power", ":4"]);
    match((await complete("mach"))[0]!, /^machine\t/);
  },
);

peerTest("Ctrl-C ends the waiting with 130", { programs: [], files: [KUBECTL] }, async () => {
  await using site = await PluginSite.with(machine("node-01"));
  site.power({ stopAt: "ForceOff" });
  await using desk = await Desk.with(site.kubeconfig);
  await using peer = desk.start("kubectl-unbounded", "machine", "reboot", "node-01");
  await peer.waitFor(/Powered off\n/);
  const { code } = await peer.stop("SIGINT");
  deepEqual([code, /Stopped waiting; the work goes on/.test(peer.output)], [130, true], peer.output);
});

peerTest("--all asks on the terminal, and live lines are drawn on it", { programs: ["script", "sh"] }, async () => {
  await using site = await PluginSite.with(machine("node-01"), machine("node-02"));
  site.power();
  await using desk = await Desk.with(site.kubeconfig);
  const line = (answer: string) =>
    `unset NO_COLOR; echo ${answer} | script -qec "kubectl-unbounded machine reboot --all" /dev/null`;
  const refused = await desk.run("sh", "-c", line("n"));
  equal(refused.code, 1);
  match(
    refused.output,
    /^Reboot all 2 Machines of https:\/\/127\.0\.0\.1:\d+\? \[y\/N\] (n\r\n)?Nothing is changed\.\r\n/m,
  );
  const done = await desk.run("sh", "-c", line("y"));
  equal(done.code, 0, done.output);
  // deno-lint-ignore no-control-regex
  match(done.output, /\x1b\[2A\r\x1b\[J✓ node-01 {2}ready\r\n✓ node-02 {2}ready\r\n$/);
});

peerTest("kube-apiserver: requests at once all count, also while the status changes", API_SERVER, async () => {
  await using api = await startApiServer();
  await api.installCrd();
  using client = await clientFor(api.kubeconfig);
  await client.create(MACHINES, machine("node-01"));
  const run = (line: string) => new Call([...line.split(" "), `--kubeconfig=${api.kubeconfig}`]);
  const calls = Array.from({ length: 8 }, () => run("machine repave node-01 --wait=false"));
  const statuses = (async () => {
    for (let i = 0; i < 20; i++) {
      await api.request("PATCH", "/apis/unbounded-cloud.io/v1alpha3/machines/node-01/status", {
        status: { message: String(i) },
      }, "application/merge-patch+json");
    }
  })();
  deepEqual(
    await Promise.all(calls.map(({ code }) => code)),
    new Array(8).fill(0),
    calls.map(({ err }) => err).join(""),
  );
  await statuses;
  const { spec } = await api.request("GET", "/apis/unbounded-cloud.io/v1alpha3/machines/node-01");
  deepEqual(spec.operations, { rebootCounter: 8, repaveCounter: 8 });
  const dry = run("machine repave node-01 --dry-run=server -o json");
  deepEqual([await dry.code, JSON.parse(dry.out).spec.operations], [0, { rebootCounter: 9, repaveCounter: 9 }]);
  const unknown = run("machine repave x");
  deepEqual([await unknown.code, unknown.err], [
    1,
    'Error from server (NotFound): machines.unbounded-cloud.io "x" not found\n',
  ]);
  const selector = run("machine repave -l a=b=c");
  equal(await selector.code, 2);
  match(selector.err, /^Error: invalid argument "a=b=c" for "-l, --selector": .+\nSee --help.\n$/);
});

peerTest("kube-apiserver: what is not allowed is one clear line, and nothing is waited for", API_SERVER, async () => {
  await using api = await startApiServer();
  const early = new Call(["machine", "list", `--kubeconfig=${api.kubeconfig}`]);
  deepEqual([await early.code, early.err], [
    1,
    "Error: this cluster knows no Machines; install their definition: metalman manifests crd | kubectl apply -f -\n",
  ]);
  await api.createFixtures();
  using client = await clientFor(api.kubeconfig);
  await client.create(MACHINES, machine("node-01"));
  const kubeconfig = await api.serviceAccountKubeconfig();
  const refused = new Call(["machine", "repave", "node-01", `--kubeconfig=${kubeconfig}`]);
  equal(await refused.code, 1);
  match(
    refused.err,
    /^Error from server \(Forbidden\): ServiceAccount unbounded-kube\/metalman-controller may not .* "node-01" in the cluster; to grant it: kubectl create .*\n$/,
  );
  const shown = new Call(["machine", "status", "node-01", `--kubeconfig=${kubeconfig}`]);
  equal(await shown.code, 0, shown.err);
  match(shown.out, /Events:\n {2}may not be read \(events: list\)\n$/);
});

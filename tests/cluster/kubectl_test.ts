/** kubectl says the same whether dev/apiserver answers it or kube-apiserver does. */
import assert from "node:assert/strict";
import { API_SERVER } from "../peers/apiserver.ts";
import { peerTest } from "../peers/peer.ts";
import { startDevApi } from "./kube_contract/dev_api.ts";
import { startRealApi } from "./kube_contract/real_api.ts";
import { LINES } from "./kubectl_lines.ts";
import { KUBECTL, normalLines, Operator } from "./kubectl_peer.ts";

const NEEDS = { ...API_SERVER, files: [KUBECTL] };

const NO_DEFINITIONS = "its kinds are given when it starts: it serves no CustomResourceDefinitions";

/** Lines whose answers differ on purpose. */
const DIFFERENCES: ReadonlyMap<string, string> = new Map([
  ["api-versions", "it serves the groups of its own kinds alone"],
  ["api-resources --api-group=apps -o name", "of apps it has Deployments alone"],
  ["get crd -o name", NO_DEFINITIONS],
  ["apply -f crd.yaml", NO_DEFINITIONS],
  ["get pods", "nothing runs Pods: it does not know them"],
  ["describe ns site", "it has no quotas and no limits"],
  ["describe node node-1", "no admission plugins: a new Node has no taint"],
  ["scale deployment web --replicas=3", "nothing runs Deployments, so there is nothing to scale"],
  ["rollout history deployment/web", "nothing runs Deployments, so there are no ReplicaSets"],
  ["explain machine.status.conditions --output=plaintext-openapiv2", "it is described in OpenAPI v3 alone"],
  ["explain machine", "it describes metadata in its own words"],
  ["explain configmap.data", "it describes built-in kinds in its own words"],
  ["auth can-i --list", "it has no roles: its one user may do everything"],
  ["auth can-i get secrets --as=system:serviceaccount:default:sa", "it has no roles and nobody else to act as"],
]);

peerTest("kubectl does the same with dev/apiserver as with kube-apiserver", NEEDS, async (t) => {
  await using real = await startRealApi();
  await using dev = await startDevApi();
  await using beside = await Operator.with(await Deno.readTextFile(real.kubeconfig));
  await using operator = await Operator.with(dev.kubeconfig("test"));
  for (const line of LINES) {
    const [expected, said] = await Promise.all([beside.run(line), operator.run(line)]);
    const difference = DIFFERENCES.get(line);
    const name = difference === undefined ? line : `${line} [differs: ${difference}]`;
    await t.step({ name, ignore: difference !== undefined, fn: () => assert.deepEqual(said, expected) });
  }
});

Deno.test("every difference of kubectl is a line that is tried", () => {
  assert.deepEqual([...DIFFERENCES.keys()].filter((line) => !LINES.includes(line)), []);
});

peerTest("kubectl get -w shows changes as they come", NEEDS, async () => {
  await using real = await startRealApi();
  await using dev = await startDevApi();
  const outputs: string[][] = [];
  for (const kubeconfig of [await Deno.readTextFile(real.kubeconfig), dev.kubeconfig("test")]) {
    await using operator = await Operator.with(kubeconfig);
    await operator.run("apply -f machine.yaml");
    await using watch = operator.start("get machines -w");
    await watch.waitFor(/one/);
    await operator.run(`patch machine one --subresource=status --type=merge -p '{"status":{"phase":"Joining"}}'`);
    await watch.waitFor(/Joining/);
    await operator.run("delete machine one");
    await watch.waitFor(/Joining[^]*Joining/);
    await watch.stop();
    outputs.push(normalLines(watch.output));
  }
  assert.deepEqual(outputs[1], outputs[0]);
  assert.equal(outputs[0]!.length, 4);
});

/** `site deploy-pxe` on the development API. */
import { deepEqual, equal } from "node:assert/strict";
import { DEPLOY_CASES } from "./deploy_cases.ts";
import { DeploySite } from "./deploy_site.ts";
import { Call } from "./plugin_site.ts";
import { ScriptedServer } from "./scripted_server.ts";

Deno.test("site deploy-pxe on the development API", async (t) => {
  await using site = await DeploySite.dev();
  for (const [name, run] of DEPLOY_CASES) await t.step(name, () => run(site));
  await t.step("a kind that is not served: one line, and nothing is applied", async () => {
    const { code, out, err } = await site.ends("site deploy-pxe --site=rack-a --replicas=2");
    deepEqual([code, out, err.split("\n").slice(1)], [1, "", [
      "Error: PodDisruptionBudget/metalman-controller-rack-a: this cluster does not serve this kind of object",
      "",
    ]]);
    deepEqual(await site.deployments(), []);
  });
});

Deno.test("--dry-run=client asks no cluster", async () => {
  const call = new Call(["site", "deploy-pxe", "--site=rack-a", "--dry-run", "-o", "yaml", "--kubeconfig=/nowhere"]);
  equal(await call.code, 0, call.err);
  equal(call.out, await Deno.readTextFile(new URL("../golden/deploy/plain.yaml", import.meta.url)));
  const plain = new Call(["site", "deploy-pxe", "--site=a", "--dry-run=client", "--replicas=2"]);
  deepEqual([await plain.code, plain.out], [
    0,
    "Deployment/metalman-controller-a applied (dry run)\nPodDisruptionBudget/metalman-controller-a applied (dry run)\n",
  ]);
});

Deno.test("no cluster is one line and exit code 1", async () => {
  const call = new Call(["site", "deploy-pxe", "--site=rack-a", "--kubeconfig=/nowhere"]);
  deepEqual([await call.code, call.out, call.err], [
    1,
    "",
    "Error: --kubeconfig=/nowhere: there is no such file\n",
  ]);
});

Deno.test("what fails between two objects is told with what was applied before it", async () => {
  await using server = await ScriptedServer.start(({ method, path, query, body }, reply) => {
    if (method !== "PATCH") {
      return reply.json({ items: [{ metadata: { name: "n" } }], metadata: { resourceVersion: "1" } });
    }
    const isLate = path.includes("/poddisruptionbudgets/") && !query.has("dryRun");
    if (isLate) return reply.error(500, "InternalError", "etcdserver: request timed out");
    reply.json(JSON.parse(body));
  });
  const kubeconfig = await Deno.makeTempFile();
  await Deno.writeTextFile(
    kubeconfig,
    JSON.stringify({
      clusters: [{ name: "x", cluster: { server: server.url } }],
      contexts: [{ name: "x", context: { cluster: "x" } }],
      "current-context": "x",
    }),
  );
  const call = new Call([
    "site",
    "deploy-pxe",
    "--site=rack-a",
    "--replicas=2",
    `--kubeconfig=${kubeconfig}`,
    "-oname",
  ]);
  deepEqual([await call.code, call.out, call.err.split("\n").at(-2)], [
    1,
    "",
    "Error from server (InternalError): etcdserver: request timed out " +
    "(already applied: Deployment/metalman-controller-rack-a)",
  ]);
  await Deno.remove(kubeconfig);
});

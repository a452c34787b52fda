/** `site deploy-pxe` on the development API. */
import { deepEqual, equal, match } from "node:assert/strict";
import { DEPLOY_CASES } from "./deploy_cases.ts";
import { DeploySite } from "./deploy_site.ts";
import { Call } from "./plugin_site.ts";
import { type Reply, ScriptedServer, type Seen } from "./scripted_server.ts";

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

/** A kubeconfig for a server that does as it is told. */
class Scripted implements AsyncDisposable {
  readonly #server: ScriptedServer;
  readonly #kubeconfig: string;

  private constructor(server: ScriptedServer, kubeconfig: string) {
    this.#server = server;
    this.#kubeconfig = kubeconfig;
  }

  /** All that is looked for is there, and what is applied is taken, but for what the script answers itself. */
  static async with(script: (seen: Seen, reply: Reply) => boolean): Promise<Scripted> {
    const server = await ScriptedServer.start((seen, reply) => {
      if (script(seen, reply)) return;
      if (seen.method === "PATCH") return reply.json(JSON.parse(seen.body));
      const resources = [{ name: "machines" }];
      reply.json({ resources, items: [{ metadata: { name: "n" } }], metadata: { resourceVersion: "1" } });
    });
    const kubeconfig = await Deno.makeTempFile();
    const clusters = [{ name: "x", cluster: { server: server.url } }];
    const contexts = [{ name: "x", context: { cluster: "x" } }];
    await Deno.writeTextFile(kubeconfig, JSON.stringify({ clusters, contexts, "current-context": "x" }));
    return new Scripted(server, kubeconfig);
  }

  async ends(...flags: string[]): Promise<{ code: number; out: string; lastError: string | undefined }> {
    const call = new Call(["site", "deploy-pxe", "--site=rack-a", `--kubeconfig=${this.#kubeconfig}`, ...flags]);
    return { code: await call.code, out: call.out, lastError: call.err.split("\n").at(-2) };
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#server[Symbol.asyncDispose]();
    await Deno.remove(this.#kubeconfig);
  }
}

Deno.test("a definition of Machines in another version only: said, and nothing is applied", async () => {
  let versions = [{ name: "v1alpha2", served: true }, { name: "v1alpha3", served: false }];
  await using cluster = await Scripted.with(({ path }, reply) => {
    const isServed = path === "/apis/unbounded-cloud.io/v1alpha3";
    if (isServed) reply.error(404, "", "");
    else if (path.includes("/customresourcedefinitions/")) reply.json({ metadata: { name: "x" }, spec: { versions } });
    else return false;
    return true;
  });
  deepEqual(await cluster.ends(), {
    code: 1,
    out: "",
    lastError: "Error: missing in this cluster: unbounded-cloud.io/v1alpha3 in the CustomResourceDefinition " +
      "machines.unbounded-cloud.io; install with: metalman manifests | kubectl apply -f -",
  });
  versions = [{ name: "v1alpha3", served: true }];
  equal((await cluster.ends()).code, 0, "made a moment ago: served soon");
});

Deno.test("what fails between two objects is told with what was applied before it", async () => {
  await using cluster = await Scripted.with(({ path, query }, reply) => {
    const isLate = path.includes("/poddisruptionbudgets/") && query.has("fieldManager") && !query.has("dryRun");
    if (isLate) reply.error(500, "InternalError", "etcdserver: request timed out");
    return isLate;
  });
  deepEqual(await cluster.ends("--replicas=2", "-oname"), {
    code: 1,
    out: "",
    lastError: "Error from server (InternalError): etcdserver: request timed out " +
      "(already applied: Deployment/metalman-controller-rack-a)",
  });
});

Deno.test("a budget that may not be deleted: nothing is applied; one that fails late: what was applied is told", async () => {
  let isLate = false;
  const applied: string[] = [];
  await using cluster = await Scripted.with(({ method, path, query }, reply) => {
    const isDry = query.has("dryRun");
    if (method === "PATCH" && !isDry) applied.push(path);
    if (!path.includes("/poddisruptionbudgets/")) return false;
    const labels = { app: "unbounded-pxe", "unbounded-cloud.io/site": "rack-a" };
    if (method === "GET" || isDry && isLate) reply.json({ metadata: { name: "metalman-controller-rack-a", labels } });
    else if (isDry) reply.error(403, "Forbidden", "poddisruptionbudgets.policy is forbidden");
    else reply.error(500, "InternalError", "etcdserver: request timed out");
    return true;
  });
  const refused = await cluster.ends();
  deepEqual([refused.code, refused.out, applied], [1, "", []]);
  isLate = true;
  deepEqual(await cluster.ends(), {
    code: 1,
    out: "Deployment/metalman-controller-rack-a applied\n",
    lastError: "Error from server (InternalError): etcdserver: request timed out " +
      "(already applied: Deployment/metalman-controller-rack-a)",
  });
});

Deno.test("a budget of earlier that may not be seen is said: it would hold up drains of one replica", async () => {
  await using cluster = await Scripted.with(({ path }, reply) => {
    const isBudget = path.includes("/poddisruptionbudgets/");
    if (isBudget) reply.error(403, "Forbidden", "poddisruptionbudgets.policy is forbidden");
    return isBudget;
  });
  deepEqual(await cluster.ends(), {
    code: 0,
    out: "Deployment/metalman-controller-rack-a applied\n",
    lastError: "Warning: not checked, as your rights do not allow it: get poddisruptionbudgets in unbounded-kube",
  });
});

Deno.test("--wait for a Deployment that is gone before it is looked at", async () => {
  await using cluster = await Scripted.with(({ method, path, query }, reply) => {
    const isList = method === "GET" && path.endsWith("/deployments") && !query.has("watch");
    if (isList) reply.json({ items: [], metadata: { resourceVersion: "1" } });
    return isList;
  });
  const { code, out } = await cluster.ends("--wait", "--timeout=30s");
  deepEqual([code, out], [1, "Deployment/metalman-controller-rack-a applied\n"]);
});

Deno.test("--wait goes on after an outage, and says that there was one", async () => {
  let lists = 0;
  const status = { observedGeneration: 1, replicas: 1, updatedReplicas: 1, availableReplicas: 1 };
  await using cluster = await Scripted.with(({ method, path, query }, reply) => {
    if (method !== "GET" || !path.endsWith("/deployments") || query.has("watch")) return false;
    const object = { metadata: { name: "metalman-controller-rack-a", generation: 1 }, spec: { replicas: 1 }, status };
    if (lists++ === 0) reply.error(500, "InternalError", "etcd is away");
    else reply.json({ items: [object], metadata: { resourceVersion: "1" } });
    return true;
  });
  const { code, out } = await cluster.ends("--wait", "--timeout=30s");
  equal(code, 0);
  match(
    out,
    /^Deployment\/\S+ applied\n! watch is interrupted; trying again until it works: .*etcd is away\nDeployment\/\S+ rolled out\n$/,
  );
});

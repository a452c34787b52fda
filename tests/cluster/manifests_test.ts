/** What the executable and deploy/ give to kubectl is taken by a real API server, in one go and again (issue 7, part 4). */
import { deepEqual, equal, ok } from "node:assert/strict";
import { API_SERVER, startApiServer } from "../peers/apiserver.ts";
import { peerTest, run } from "../peers/peer.ts";
import { KUBECTL } from "./kubectl_peer.ts";
import { until } from "./loopback_site.ts";

const ROOT = new URL("../../", import.meta.url).pathname;
const NEEDS = { programs: [...API_SERVER.programs, "bash"], files: [KUBECTL] };
const MACHINES = "/apis/unbounded-cloud.io/v1alpha3/machines";

/** Each is a line of a shell in which `metalman` and `kubectl` are at hand. */
const WAYS: readonly (readonly [apply: string, remove: string])[] = [
  [`kubectl apply -k ${ROOT}deploy/`, `kubectl delete --wait=false -k ${ROOT}deploy/`],
  ["metalman manifests | kubectl apply -f -", "metalman manifests | kubectl delete --wait=false -f -"],
  ["metalman manifests -o json | kubectl apply -f -", "metalman manifests -o json | kubectl delete --wait=false -f -"],
];

for (const [apply, remove] of WAYS) {
  peerTest(`${apply.replace(ROOT, "")}: all is made, again changes nothing, and the example fits`, NEEDS, async () => {
    await using api = await startApiServer();
    for (const name of ["default", "kube-system", "kube-public"]) {
      await api.apply({ apiVersion: "v1", kind: "Namespace", metadata: { name } });
    }
    const shell = (line: string) => {
      const metalman = `metalman() { "${Deno.execPath()}" run -A "${ROOT}main.ts" "$@"; }`;
      const kubectl =
        `kubectl() { "${KUBECTL}" --kubeconfig="${api.kubeconfig}" --cache-dir="${api.kubeconfig}.cache" "$@"; }`;
      return run("bash", ["-c", `set -eo pipefail; ${metalman}; ${kubectl}; ${line}`]);
    };
    const made = (await shell(apply)).trim().split("\n");
    deepEqual(made.filter((line) => !/ created$/.test(line)), []);
    const again = (await shell(apply)).trim().split("\n");
    deepEqual(again, made.map((line) => line.replace(/created$/, "unchanged")));

    await until(() => api.request("GET", MACHINES).then(() => true, () => false), Boolean);
    await shell("metalman manifests example | kubectl apply -f -");
    const shown = await shell("kubectl get machines");
    equal(shown.split("\n")[0]?.trim().replace(/ {2,}/g, "|"), "NAME|HOST|PHASE|K8S VERSION|AGE");
    const wide = await shell("kubectl get mach -o wide");
    ok(/^node-02 .* 10\.0\.0\.12 +aa:bb:cc:dd:ee:02 +ghcr\.io\/\S+/m.test(wide), wide);

    await shell("metalman manifests example | kubectl delete -f -");
    await shell(remove);
    await until(() => api.request("GET", MACHINES).then(() => true, () => false), (isThere) => !isThere);
  });
}

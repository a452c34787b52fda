import { deepEqual, equal, rejects } from "node:assert/strict";
import type { Host } from "./host.ts";
import { contextNames, locateAccess } from "./locate.ts";

/** A kubeconfig of two clusters, the first of which is the current one. */
const TWO = JSON.stringify({
  clusters: ["lab", "rack"].map((name) => ({ name, cluster: { server: `https://${name}.test` } })),
  contexts: ["lab", "rack"].map((name) => ({ name, context: { cluster: name } })),
  "current-context": "lab",
});

function host(files: Readonly<Record<string, string>>, variables: Readonly<Record<string, string>>): Host {
  return {
    env: (name) => variables[name],
    readText: (path) => Promise.resolve(files[path]),
    isTerminal: () => false,
    run: () => Promise.resolve(undefined),
  };
}

const HOME = { HOME: "/home/op" };
const POD = { ...HOME, KUBERNETES_SERVICE_HOST: "10.0.0.1", KUBERNETES_SERVICE_PORT: "443" };
const POD_TOKEN = { "/var/run/secrets/kubernetes.io/serviceaccount/token": "t" };

Deno.test("locateAccess() takes the context that is asked for instead of the current one, and in a pod too", async () => {
  const files = { "/home/op/.kube/config": TWO, ...POD_TOKEN };
  equal((await locateAccess(host(files, HOME))).server.href, "https://lab.test/");
  equal((await locateAccess(host(files, HOME), { context: "rack" })).server.href, "https://rack.test/");
  equal((await locateAccess(host(files, POD))).server.href, "https://10.0.0.1/");
  equal((await locateAccess(host(files, POD), { context: "rack" })).server.href, "https://rack.test/");
});

Deno.test("locateAccess() says which contexts there are", async () => {
  const files = { "/home/op/.kube/config": TWO };
  await rejects(locateAccess(host(files, HOME), { context: "x" }), {
    message: '/home/op/.kube/config: there is no context "x"; there is lab, rack',
  });
  await rejects(locateAccess(host({ "/k": "{}" }, {}), { kubeconfig: "/k", context: "x" }), {
    message: '/k: there is no context "x"',
  });
  await rejects(locateAccess(host({}, {}), { context: "x" }), /there is no context "x": no kubeconfig is found/);
});

Deno.test("contextNames() lists the contexts of the files that count", async () => {
  deepEqual(await contextNames(host({ "/home/op/.kube/config": TWO }, HOME)), ["lab", "rack"]);
  deepEqual(await contextNames(host({ "/k": TWO }, {}), { kubeconfig: "/k" }), ["lab", "rack"]);
  deepEqual(await contextNames(host({}, HOME)), []);
});

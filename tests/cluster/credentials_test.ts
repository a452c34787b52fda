/** Ways to prove who we are, against a real API server. */
import assert from "node:assert/strict";
import { ApiError } from "../../k8s/errors.ts";
import type { KubeObject } from "../../k8s/object.ts";
import { API_SERVER, startApiServer } from "../peers/apiserver.ts";
import { peerTest } from "../peers/peer.ts";
import { clientFor, MachineMirror, machineNamed, MACHINES } from "./machines.ts";

const TESTDATA = new URL("../../k8s/testdata/", import.meta.url).pathname;
const NODES = { group: "", version: "v1", plural: "nodes" };
const unauthorized = (error: unknown) => error instanceof ApiError && error.status === 401;

peerTest(
  "client certificates, token files that rotate, plugins and impersonation are accepted by a real API server",
  API_SERVER,
  async () => {
    await using api = await startApiServer({ flags: [`--client-ca-file=${TESTDATA}authority.crt`] });
    await api.createFixtures();
    const dir = await Deno.makeTempDir();
    const clientAs = async (user: unknown) => {
      const cluster = { server: api.url, "certificate-authority-data": btoa(api.ca) };
      await Deno.writeTextFile(
        `${dir}/config`,
        JSON.stringify({
          "clusters": [{ name: "c", cluster }],
          "users": [{ name: "u", user }],
          "contexts": [{ name: "x", context: { cluster: "c", user: "u" } }],
          "current-context": "x",
        }),
      );
      return await clientFor(`${dir}/config`);
    };
    const listNodes = async (client: Awaited<ReturnType<typeof clientFor>>) => {
      for await (const page of client.list(NODES)) assert.deepEqual(page.items, []);
    };

    using byCertificate = await clientAs({
      "client-certificate": `${TESTDATA}client.crt`,
      "client-key-data": btoa(await Deno.readTextFile(`${TESTDATA}client.key`)),
    });
    await listNodes(byCertificate);

    await Deno.writeTextFile(`${dir}/token`, "expired");
    using byFile = await clientAs({ tokenFile: "token" });
    await assert.rejects(listNodes(byFile), unauthorized);
    await Deno.writeTextFile(`${dir}/token`, `${api.token}\n`);
    await listNodes(byFile);

    const plugin = `#!/bin/sh
case "$KUBERNETES_EXEC_INFO" in *'"server":"${api.url}"'*) ;; *) exit 1 ;; esac
echo '{"kind":"ExecCredential","apiVersion":"client.authentication.k8s.io/v1","status":{"token":"'"$TOKEN"'"}}'
`;
    await Deno.writeTextFile(`${dir}/login`, plugin, { mode: 0o755 });
    using byPlugin = await clientAs({
      exec: {
        apiVersion: "client.authentication.k8s.io/v1",
        command: "./login",
        env: [{ name: "TOKEN", value: api.token }],
        interactiveMode: "Never",
        provideClusterInfo: true,
      },
    });
    await listNodes(byPlugin);

    using asNobody = await clientAs({ "token": api.token, "as": "nobody", "as-groups": ["system:authenticated"] });
    await assert.rejects(listNodes(asNobody), /user "nobody" may not list nodes in the cluster/);
    using withoutAnything = await clientAs({ token: "wrong" });
    await assert.rejects(listNodes(withoutAnything), unauthorized);
    await Deno.remove(dir, { recursive: true });
  },
);

peerTest("contract 4: the ServiceAccount may do what metalman does, and no more", API_SERVER, async () => {
  await using api = await startApiServer();
  await api.createFixtures();
  await api.apply(
    machineNamed("a") as KubeObject,
    {
      apiVersion: "v1",
      kind: "Secret",
      metadata: { name: "bmc", namespace: "default" },
      stringData: { password: "p" },
    },
  );
  using client = await clientFor(await api.serviceAccountKubeconfig());
  await using mirror = new MachineMirror(client);
  await mirror.cache.synced;
  const core = (plural: string) => ({ group: "", version: "v1", plural });
  await client.get(core("secrets"), { namespace: "default", name: "bmc" });
  await client.get(core("configmaps"), { namespace: "kube-public", name: "cluster-info" });
  await client.get(core("services"), { namespace: "kube-system", name: "kube-dns" });
  for await (const _ of client.list(core("nodes")));
  const bootstrap = { object: { namespace: "unbounded-kube", name: "metalman-bootstrap" }, subresource: "token" };
  const spec = { expirationSeconds: 3600 };
  const { status } = await client.create<{ status: { token: string } }>(core("serviceaccounts"), { spec }, {
    of: bootstrap,
  });
  assert.match(status.token, /^ey/);
  const lease = { group: "coordination.k8s.io", version: "v1", plural: "leases", namespace: "unbounded-kube" };
  const created = await client.create<KubeObject>(lease, { metadata: { name: "metalman" }, spec: {} });
  await client.replace(lease, created);
  const forbidden = (error: unknown) => error instanceof ApiError && error.status === 403;
  const machine = await client.get<KubeObject>(MACHINES, { name: "a" });
  await assert.rejects(client.replace(MACHINES, machine), forbidden);
  await assert.rejects(Array.fromAsync(client.list(core("secrets"))), forbidden);
  const other = { ...bootstrap, object: { ...bootstrap.object, name: "metalman-controller" } };
  await assert.rejects(client.create(core("serviceaccounts"), { spec }, { of: other }), forbidden);
});

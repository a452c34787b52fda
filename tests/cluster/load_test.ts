/** 10,000 Machines in a real API server. */
import assert from "node:assert/strict";
import { ApiError } from "../../k8s/errors.ts";
import { API_SERVER, startApiServer } from "../peers/apiserver.ts";
import { compact } from "../peers/etcd.ts";
import { peerTest, run } from "../peers/peer.ts";
import { clientFor, MachineMirror, machineNamed, MACHINES } from "./machines.ts";

const COUNT = 10_000;
const AT_ONCE = 32;

peerTest(
  "10,000 Machines are listed in pages, kept in less than 200 MiB, and followed over a compaction",
  API_SERVER,
  async () => {
    await using api = await startApiServer();
    await api.createFixtures();
    using admin = await clientFor(api.kubeconfig);
    let next = 0;
    await Promise.all(Array.from({ length: AT_ONCE }, async () => {
      for (let i = next++; i < COUNT; i = next++) {
        await admin.create(
          MACHINES,
          machineNamed(`node-${i}`, i % 4 === 0 ? { "unbounded-cloud.io/site": "lab" } : {}),
        );
      }
    }));
    const kubeconfig = await api.serviceAccountKubeconfig();
    const script = new URL("./follow.ts", import.meta.url).pathname;
    const output = await run(Deno.execPath(), ["run", "-A", "--no-check", script, kubeconfig]);
    const result = JSON.parse(output.slice(output.indexOf("{"))) as { machines: number; ms: number; rssMiB: number };
    console.log(output.trim());
    assert.equal(result.machines, COUNT);
    assert.ok(result.rssMiB < 200, `${result.rssMiB} MiB`);

    using client = await clientFor(kubeconfig);
    const pages = await Array.fromAsync(client.list(MACHINES), (page) => page.items.length);
    assert.deepEqual(pages, Array(COUNT / 500).fill(500));
    await using lab = new MachineMirror(client, "unbounded-cloud.io/site=lab");
    await using others = new MachineMirror(client, "!unbounded-cloud.io/site");
    await Promise.all([lab.cache.synced, others.cache.synced]);
    assert.deepEqual([lab.cache.size, others.cache.size], [COUNT / 4, COUNT * 3 / 4]);
    await api.request("DELETE", "/apis/unbounded-cloud.io/v1alpha3/machines/node-0");
    await lab.sees("node-0", (machine) => machine === undefined);

    const half = client.list(MACHINES);
    await half.next();
    await api.request("DELETE", "/apis/unbounded-cloud.io/v1alpha3/machines/node-1");
    await compact(api.etcdUrl);
    await api.restart();
    const expired = (error: unknown) => error instanceof ApiError && error.status === 410;
    await assert.rejects(half.next(), expired, "a list cannot go on from what was forgotten");
    await api.request("DELETE", "/apis/unbounded-cloud.io/v1alpha3/machines/node-4");
    await lab.sees("node-4", (machine) => machine === undefined);
    assert.deepEqual([lab.cache.size, others.cache.size], [COUNT / 4 - 2, COUNT * 3 / 4 - 1]);
  },
);

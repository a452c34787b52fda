import assert from "node:assert/strict";
import { FakeClock } from "../base/clock.ts";
import { clusterCaReader } from "./cluster_ca.ts";
import type { ClusterFactsReader } from "./cluster_facts.ts";

type Facts = ClusterFactsReader["current"];
const { signal } = new AbortController();

/** Facts of which the authority alone counts, and how often they were read. */
class Cluster {
  reads = 0;
  answer = Promise.withResolvers<Facts["caCertBase64"]>();
  current = { caCertBase64: { missing: "not read yet" } } as Facts;
  async readOnce(signal: AbortSignal): Promise<void> {
    this.reads++;
    const aborted = new Promise<void>((resolve) => signal.addEventListener("abort", () => resolve(), { once: true }));
    const caCertBase64 = await Promise.race([this.answer.promise, aborted]);
    if (caCertBase64 !== undefined) this.current = { ...this.current, caCertBase64 };
  }
}

Deno.test("clusterCaReader() waits for one read, whoever asks meanwhile too (contract 10)", async () => {
  const cluster = new Cluster();
  const read = clusterCaReader(cluster, new FakeClock());
  const asked = [read(signal), read(signal)];
  cluster.answer.resolve({ value: btoa("PEM") });
  assert.deepEqual(await Promise.all(asked), ["PEM", "PEM"]);
  assert.equal(await read(signal), "PEM");
  assert.equal(cluster.reads, 1);
});

Deno.test("clusterCaReader() does not read a missing authority for each request (contract 11.11)", async () => {
  const cluster = new Cluster();
  const clock = new FakeClock();
  const read = clusterCaReader(cluster, clock);
  cluster.answer.resolve({ missing: "no ConfigMap kube-public/cluster-info" });
  for (let i = 0; i < 5; i++) assert.equal(await read(signal), undefined);
  assert.equal(cluster.reads, 1);
  clock.advance(10_000);
  await read(signal);
  assert.equal(cluster.reads, 2);
});

Deno.test("clusterCaReader() goes on for whoever still waits when the one that asked first is sent away (contract 10)", async () => {
  const cluster = new Cluster();
  const read = clusterCaReader(cluster, new FakeClock());
  const first = new AbortController();
  const sentAway = read(first.signal);
  const waiting = read(signal);
  first.abort(new Error("its time is over"));
  await assert.rejects(sentAway, /its time is over/);
  cluster.answer.resolve({ value: btoa("PEM") });
  assert.equal(await waiting, "PEM");
  assert.equal(cluster.reads, 1);
});

Deno.test("clusterCaReader() does without the authority after ten seconds without an answer (contract 11.11)", async () => {
  const clock = new FakeClock();
  const asked = clusterCaReader(new Cluster(), clock)(signal);
  clock.advance(10_000);
  assert.equal(await asked, undefined);
  assert.equal(clock.sleeping, 0);
});

for (const value of ["*", "/w==", "QUFB".repeat(100_000)]) {
  Deno.test(`clusterCaReader() has no use for ${value.slice(0, 8)} of ${value.length} characters`, async () => {
    const cluster = new Cluster();
    cluster.current = { ...cluster.current, caCertBase64: { value } };
    assert.equal(await clusterCaReader(cluster, new FakeClock())(signal), undefined);
  });
}

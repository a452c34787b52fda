/** The contract of the Kubernetes API (kube_contract/) against dev/apiserver. */
import assert from "node:assert/strict";
import { CASES } from "./kube_contract/cases.ts";
import { startDevApi } from "./kube_contract/dev_api.ts";
import { DIFFERENCES } from "./kube_contract/differences.ts";
import { Contract } from "./kube_contract/run.ts";

Deno.test("dev/apiserver keeps the contract of the Kubernetes API", async (t) => {
  await using server = await startDevApi();
  using contract = new Contract({ url: server.url, ca: server.caPem, token: server.token });
  for (const one of CASES) {
    const difference = DIFFERENCES.get(one.name);
    const name = difference === undefined ? one.name : `${one.name} [differs: ${difference}]`;
    await t.step({ name, ignore: difference !== undefined, fn: () => contract.check(one) });
  }
});

Deno.test("the contract's cases have names of their own, and every difference is a case's", () => {
  const names = CASES.map(({ name }) => name);
  assert.deepEqual(names.length, new Set(names).size);
  assert.deepEqual([...DIFFERENCES.keys()].filter((name) => !names.includes(name)), []);
});

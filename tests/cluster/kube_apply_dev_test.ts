/** Writes by several managers to dev/apiserver, against what a real kube-apiserver answered (tests/golden/kube-apply). */
import { deepEqual } from "node:assert/strict";
import { MemoryLogger } from "../../base/log.ts";
import type { JsonObject } from "../../dev/apiserver/object.ts";
import { startDevApiServer } from "../../dev/apiserver/server.ts";
import { manifest } from "../peers/manifest.ts";
import { inOrder, record, sequences } from "../peers/kube_apply_record.ts";

/** Sequence and step, and why our answer is another. */
const DIFFERENCES: ReadonlyMap<string, string> = new Map([
  ...["configmap-created-by-apply 6", "configmap-empty 2", "configmap-patches 10", "configmap-patches 35"].map((step) =>
    [step, "a null among texts is left out, not made an empty text"] as const
  ),
  ...["configmap-empty 1", "configmap-patches 60"].map((step) => [step, "an empty map is kept"] as const),
  ...["configmap-refused 16", "configmap-refused 17"].map((step) =>
    [step, "metadata that cannot be read is refused before it is compared with the schema"] as const
  ),
]);

Deno.test("dev/apiserver patches, applies and tracks as a real kube-apiserver", async (t) => {
  const crds = manifest("deploy/crd.yaml") as unknown as JsonObject[];
  await using server = await startDevApiServer({ crds, log: new MemoryLogger() });
  for (const sequence of sequences()) {
    const answers = await record({ url: server.url, ca: server.caPem, token: server.token }, sequence);
    for (const [index, answer] of answers.entries()) {
      const name = `${sequence.name} ${index}: ${answer.verb} by ${answer.manager}`;
      const difference = DIFFERENCES.get(`${sequence.name} ${index}`);
      await t.step({
        name: difference === undefined ? name : `${name} [differs: ${difference}]`,
        ignore: difference !== undefined,
        fn: () => deepEqual(inOrder(answer), inOrder(sequence.steps[index]!)),
      });
    }
  }
});

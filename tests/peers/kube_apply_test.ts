import { deepEqual } from "node:assert/strict";
import { API_SERVER, startApiServer } from "./apiserver.ts";
import { record, type Recorded, sequences } from "./kube_apply_record.ts";
import { peerTest } from "./peer.ts";

/** kube-apiserver gives the causes of several managers in any order. */
function inOrder(steps: readonly Recorded[]): unknown {
  return steps.map(({ causes, ...step }) => ({
    ...step,
    ...(causes === undefined ? {} : { causes: causes.map((cause) => JSON.stringify(cause)).sort() }),
  }));
}

peerTest("a real kube-apiserver patches, applies and tracks as tests/golden/kube-apply says", API_SERVER, async () => {
  await using server = await startApiServer();
  await server.installCrd();
  for (const sequence of sequences()) {
    deepEqual(inOrder(await record(server, sequence)), inOrder(sequence.steps), sequence.name);
  }
});

import { deepEqual } from "node:assert/strict";
import { API_SERVER, startApiServer } from "./apiserver.ts";
import { inOrder, record, sequences } from "./kube_apply_record.ts";
import { peerTest } from "./peer.ts";

peerTest("a real kube-apiserver patches, applies and tracks as tests/golden/kube-apply says", API_SERVER, async () => {
  await using server = await startApiServer();
  await server.installCrd();
  for (const sequence of sequences()) {
    const answers = await record(server, sequence);
    for (const [i, step] of sequence.steps.entries()) {
      const title = `${sequence.name} ${i}`;
      deepEqual({ title, ...inOrder(answers[i]!) }, { title, ...inOrder(step) });
    }
  }
});

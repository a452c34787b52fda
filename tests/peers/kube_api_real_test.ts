/** The contract of the Kubernetes API (tests/cluster/kube_contract) against a real kube-apiserver: what it demands is true. */
import { CASES } from "../cluster/kube_contract/cases.ts";
import { startRealApi } from "../cluster/kube_contract/real_api.ts";
import { Contract } from "../cluster/kube_contract/run.ts";
import { API_SERVER } from "./apiserver.ts";
import { peerTest } from "./peer.ts";

peerTest("kube-apiserver keeps the contract of the Kubernetes API", API_SERVER, async (t) => {
  await using server = await startRealApi();
  using contract = new Contract(server);
  for (const one of CASES) await t.step(one.name, () => contract.check(one));
});

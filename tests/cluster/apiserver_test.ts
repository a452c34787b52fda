/** The test server itself: what other tests build on. */
import assert from "node:assert/strict";
import { API_SERVER, startApiServer } from "../peers/apiserver.ts";
import { NetNamespace } from "../peers/netns.ts";
import { peerTest } from "../peers/peer.ts";

peerTest("startApiServer() keeps its data over a restart, and our CRD is accepted whole", API_SERVER, async () => {
  await using api = await startApiServer();
  await api.createFixtures();
  const leases = [{ mac: "AABB.CCDD.EE01", ipv4: "10.0.0.1", subnetMask: "255.0.0.0", gateway: "" }];
  const passwordRef = { name: "p", namespace: "default" };
  await api.apply({
    apiVersion: "unbounded-cloud.io/v1alpha3",
    kind: "Machine",
    metadata: { name: "m" },
    spec: {
      ssh: { host: "h", privateKeyRef: { name: "k", namespace: "n" } },
      pxe: { image: "i", dhcpLeases: leases, redfish: { url: "https://u", username: "a", passwordRef } },
    },
  });
  await api.restart();
  const machine = await api.request("GET", "/apis/unbounded-cloud.io/v1alpha3/machines/m");
  assert.equal(machine.spec.ssh.username, "azureuser");
  assert.equal(machine.spec.ssh.privateKeyRef.key, "ssh-privatekey");
  assert.equal(machine.spec.pxe.redfish.deviceID, "1");
  assert.deepEqual(machine.spec.pxe.dhcpLeases, leases);
});

peerTest("startApiServer() runs in a network namespace", {
  programs: ["kube-apiserver", "curl", "ip"],
  root: true,
}, async () => {
  await using ns = await NetNamespace.create("api");
  await using api = await startApiServer({ netns: ns.name, bindAddress: "127.0.0.2" });
  await api.createFixtures();
  const found = await api.request("GET", "/api/v1/namespaces/unbounded-kube/serviceaccounts");
  assert.deepEqual(found.items.map((o: { metadata: { name: string } }) => o.metadata.name).sort(), [
    "metalman-bootstrap",
    "metalman-controller",
  ]);
});

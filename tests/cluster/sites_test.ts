/** contract 4: sites of one cluster do not disturb each other; a Machine is of the site that its label says. */
import { deepEqual, equal, match } from "node:assert/strict";
import type { KubeObject } from "../peers/apiserver.ts";
import { peerTest, run } from "../peers/peer.ts";
import { machine, until } from "./loopback_site.ts";
import { LEASES, NO_IMAGE, type Replica, REPLICA_NEEDS, Replicas, RETRY_MS, Witness } from "./replicas.ts";

const MAC = "aa:bb:cc:dd:ee:01";
const IP = "127.0.0.11";
const ON_LINK = ["--dhcp-interface=lo"];
const SITE = "unbounded-cloud.io/site";
const NEEDS = { ...REPLICA_NEEDS, programs: [...REPLICA_NEEDS.programs, "curl"] };

/** The Machine, of a site or of none. */
function ofSite(site: string | undefined): KubeObject {
  const object = machine("node-01", NO_IMAGE, MAC, IP);
  return { ...object, metadata: { ...object.metadata, labels: site === undefined ? {} : { [SITE]: site } } };
}

/** Whether a replica knows the machine that asks it for a file. */
async function knows({ httpPort }: Replica): Promise<boolean> {
  const status = await run("curl", [
    ...["-s", "-o", "/dev/null", "-w", "%{http_code}", "--interface", IP],
    `http://127.0.0.1:${httpPort}/x`,
  ]);
  return status !== "404";
}

peerTest(
  "a Machine moved between sites by its label leaves one and appears in the other (contract 4)",
  NEEDS,
  async () => {
    await using site = await Replicas.create();
    await site.api.apply(ofSite("berlin"));
    const berlin = await site.start({ flags: [...ON_LINK, "--site=berlin"] });
    const paris = await site.start({ flags: [...ON_LINK, "--site=paris"] });
    const none = await site.start({ flags: ON_LINK });
    await paris.peer.waitFor(
      /"no Machine is of this site yet[^\n]*kubectl label machine NAME unbounded-cloud\.io\/site=paris"/,
    );
    equal(berlin.peer.output.includes("no Machine is of this site"), false);
    await using witness = new Witness(site, MAC, IP);
    const moved = [berlin];
    for (const [label, to] of [["berlin", berlin], ["paris", paris], [undefined, none], ["berlin", berlin]] as const) {
      await site.api.apply(ofSite(label));
      const seen = await Promise.all(site.all.map((one) => until(() => knows(one), (known) => known === (one === to))));
      deepEqual(seen, site.all.map((one) => one === to));
      const from = witness.acts.length;
      await until(() => Promise.resolve(witness.acts.slice(from)), (acts) => acts.some(({ port }) => port === to.port));
      if (to !== moved.at(-1)) moved.push(to);
    }
    deepEqual(witness.leaders, moved.map(({ port }) => port), "never two at once");

    // Each has a Lease of its own, and the end of one changes nothing for the others.
    const holder = async (name: string) => (await site.api.request("GET", `${LEASES}/${name}`)).spec.holderIdentity;
    const others = ["metalman", "metalman-paris"];
    const before = await Promise.all(others.map(holder));
    equal(new Set([...before, await holder("metalman-berlin")]).size, 3);
    equal((await berlin.peer.stop()).code, 0);
    equal(await holder("metalman-berlin"), "");
    await new Promise((resolve) => setTimeout(resolve, 2 * RETRY_MS));
    deepEqual(await Promise.all(others.map(holder)), before);
    for (const one of [paris, none]) equal(one.said("this instance leads").length, 1);
  },
);

peerTest(
  "a replica without the right to its Lease says which, serves, and leads once it is granted",
  NEEDS,
  async () => {
    await using site = await Replicas.create();
    const path = "/apis/rbac.authorization.k8s.io/v1/namespaces/unbounded-kube/rolebindings/metalman-controller";
    const binding = await site.api.request("GET", path);
    await site.api.request("DELETE", path);
    const replica = await site.start({ flags: ON_LINK });
    const [line] = await replica.peer.waitFor(/^.*"msg":"no right to the lease.*$/m);
    match(
      JSON.parse(line).error,
      /may not get leases\.coordination\.k8s\.io "metalman" in namespace unbounded-kube; to grant it: /,
    );
    match(await replica.readyz(), /^200/);
    const { apiVersion, kind, roleRef, subjects } = binding;
    await site.api.apply({
      ...{ apiVersion, kind, roleRef, subjects },
      metadata: { name: "metalman-controller", namespace: "unbounded-kube" },
    } as KubeObject);
    await replica.peer.waitFor(/"msg":"this instance leads"/);
    equal(replica.said("no right to the lease; until it is granted this instance cannot lead").length, 1);
  },
);

import { deepEqual } from "node:assert/strict";
import { type Findings, findingsOf, type Seen, type SiteNode } from "./requirements.ts";
import { deploySettings } from "./settings.ts";

const node = (name: string, spec: SiteNode["spec"] = {}): SiteNode => ({ metadata: { name }, spec });
const tainted = (name: string, key: string, effect: string, value?: string) =>
  node(name, { taints: [{ key, effect, ...(value === undefined ? {} : { value }) }] });
const ALL: Seen = { namespace: "there", account: "there", definition: "there", nodes: [node("n1"), node("n2")] };
const INSTALL = "install with: metalman manifests | kubectl apply -f -";
const LABEL = "kubectl label node NODE unbounded-cloud.io/site=rack-a";
const NOTHING: Findings = { errors: [], warnings: [] };
const error = (text: string): Findings => ({ errors: [text], warnings: [] });
const warning = (text: string): Findings => ({ errors: [], warnings: [text] });

const CASES: readonly [name: string, Partial<Seen>, flags: Record<string, string>, Findings][] = [
  ["a whole cluster", {}, {}, NOTHING],
  [
    "no CRD",
    { definition: "missing" },
    {},
    error(
      `missing in this cluster: the CustomResourceDefinition machines.unbounded-cloud.io; ${INSTALL}`,
    ),
  ],
  [
    "a CRD of another version alone",
    { definition: "other version" },
    {},
    error(
      "missing in this cluster: unbounded-cloud.io/v1alpha3 in the CustomResourceDefinition machines.unbounded-cloud.io; " +
        INSTALL,
    ),
  ],
  [
    "nothing installed: one command brings it",
    { namespace: "missing", account: "missing", definition: "missing" },
    {},
    error(
      "missing in this cluster: namespace unbounded-kube, ServiceAccount metalman-controller, and " +
        `the CustomResourceDefinition machines.unbounded-cloud.io; ${INSTALL}`,
    ),
  ],
  ["an unknown site", { nodes: [] }, {}, error(`no node is of site rack-a; choose where it shall run: ${LABEL}`)],
  ["a claim that is there", { claim: "there" }, { "cache-volume": "pvc:x" }, NOTHING],
  [
    "a claim that is not",
    { claim: "missing" },
    { "cache-volume": "pvc:x" },
    error(
      "missing in namespace unbounded-kube: PersistentVolumeClaim x; see those there: kubectl -n unbounded-kube get pvc",
    ),
  ],
  ["as many nodes as replicas", {}, { replicas: "2" }, NOTHING],
  [
    "more replicas than nodes",
    {},
    { replicas: "3" },
    warning(
      "3 pods, each on a node of its own, and site rack-a has 2 nodes for them; the others wait until there are more: " +
        LABEL,
    ),
  ],
  [
    "nodes that take no pods",
    { nodes: [node("n1", { unschedulable: true }), tainted("n2", "gpu", "NoSchedule")] },
    {},
    warning(
      `1 pod, and site rack-a has 0 nodes for it (n1 is cordoned, n2 is tainted gpu:NoSchedule); it waits until ` +
        `there are more: ${LABEL}`,
    ),
  ],
  [
    "taints that do not matter",
    {
      nodes: [
        tainted("n1", "CriticalAddonsOnly", "NoSchedule", "true"),
        tainted("n2", "gpu", "PreferNoSchedule"),
      ],
    },
    { replicas: "2" },
    NOTHING,
  ],
  [
    "the tolerated key with another value",
    { nodes: [tainted("n1", "CriticalAddonsOnly", "NoSchedule", "no")] },
    {},
    warning(
      "1 pod, and site rack-a has 0 nodes for it (n1 is tainted CriticalAddonsOnly:NoSchedule); it waits until " +
        `there are more: ${LABEL}`,
    ),
  ],
  [
    "a folder of the nodes",
    {},
    { "cache-volume": "/srv/x" },
    warning(
      "/srv/x has to be on each node of the site, and belong to user 65532: install -d -o 65532 -g 65532 /srv/x",
    ),
  ],
];

for (const [name, seen, flags, wanted] of CASES) {
  Deno.test(`findingsOf() ${name}`, () => {
    const settings = deploySettings({ site: "rack-a", ...flags }, "metalman:latest");
    deepEqual(findingsOf({ ...ALL, ...seen }, settings, "metalman"), wanted);
  });
}

Deno.test("findingsOf() goes on without what may not be seen, and says which rights that takes", () => {
  const settings = deploySettings({ site: "rack-a", "cache-volume": "pvc:x" }, "metalman:latest");
  const seen: Seen = {
    ...{ namespace: "hidden", account: "hidden", definition: "there", claim: "hidden", budget: "hidden" },
  };
  deepEqual(
    findingsOf(seen, settings, "metalman"),
    warning(
      "not checked, as your rights do not allow it: get namespaces, get serviceaccounts in unbounded-kube, " +
        "get persistentvolumeclaims in unbounded-kube, get poddisruptionbudgets in unbounded-kube, and list nodes",
    ),
  );
});

Deno.test("findingsOf() names three obstacles and counts the rest; the plugin tells its own name", () => {
  const nodes = Array.from({ length: 5 }, (_, i) => node(`n${i}`, { unschedulable: true }));
  const settings = deploySettings({ site: "rack-a", replicas: "2" }, "metalman:latest");
  deepEqual(findingsOf({ ...ALL, account: "missing", nodes }, settings, "kubectl unbounded"), {
    errors: [
      "missing in this cluster: ServiceAccount metalman-controller; install with: " +
      "kubectl unbounded manifests | kubectl apply -f -",
    ],
    warnings: [
      "2 pods, each on a node of its own, and site rack-a has 0 nodes for them (n0 is cordoned, n1 is cordoned, " +
      `n2 is cordoned, 2 more); all wait until there are more: ${LABEL}`,
    ],
  });
});

/**
 * Writes tests/golden/kube-validation/tables.json: objects, and the Tables that a real kube-apiserver makes of them. Run it
 * after a new kube-apiserver: `deno run -A tests/peers/record_kube_tables.ts`.
 *
 * @module
 */
import { startApiServer, type TestApiServer } from "./apiserver.ts";

const FILE = new URL("../golden/kube-validation/tables.json", import.meta.url);
const DEFAULT = "/api/v1/namespaces/default";
const GAUGES = "/apis/test.example.com/v1/gauges";

const column = (name: string, type: string, jsonPath: string, rest: object = {}) => ({ name, type, jsonPath, ...rest });

/** A kind with columns of every type. */
const GAUGE_CRD = {
  apiVersion: "apiextensions.k8s.io/v1",
  kind: "CustomResourceDefinition",
  metadata: { name: "gauges.test.example.com" },
  spec: {
    group: "test.example.com",
    scope: "Cluster",
    names: { kind: "Gauge", listKind: "GaugeList", plural: "gauges", singular: "gauge", categories: ["all"] },
    versions: [{
      name: "v1",
      served: true,
      storage: true,
      additionalPrinterColumns: [
        column("Text", "string", ".spec.value"),
        column("Integer", "integer", ".spec.value", { format: "int32" }),
        column("Number", "number", ".spec.value", { description: "A number.", priority: 1 }),
        column("Boolean", "boolean", ".spec.value"),
        column("Date", "date", ".spec.value"),
        column("First", "string", ".spec.list[0].a"),
        column("Last", "string", ".spec.list[-1].a"),
        column("All", "string", ".spec.list[*].a"),
        column("Dotted", "string", ".metadata.labels.example\\.com/name"),
        column("Quoted", "string", ".metadata.labels['plain']"),
        column("Age", "date", ".metadata.creationTimestamp"),
      ],
      schema: {
        openAPIV3Schema: {
          type: "object",
          properties: { spec: { type: "object", "x-kubernetes-preserve-unknown-fields": true } },
        },
      },
    }],
  },
};

const gauge = (name: string, spec: unknown, labels: object = {}) => ({
  apiVersion: "test.example.com/v1",
  kind: "Gauge",
  metadata: { name, labels },
  spec,
});
const named = (name: string, rest: object = {}) => ({ metadata: { name }, ...rest });
const selector = {
  matchLabels: { b: "2", a: "1" },
  matchExpressions: [{ key: "c", operator: "NotIn", values: ["y", "x"] }, { key: "d", operator: "DoesNotExist" }],
};
const template = {
  metadata: { labels: { a: "1", b: "2" } },
  spec: { containers: [{ name: "x", image: "i:1" }, { name: "y", image: "j" }] },
};

/** What is created, by the path of its list. */
const OBJECTS: Readonly<Record<string, readonly object[]>> = {
  [`${DEFAULT}/secrets`]: [named("a", { data: { x: "", y: "YQ==" } }), named("b", { type: "example.com/x" })],
  [`${DEFAULT}/configmaps`]: [named("a", { data: { x: "" }, binaryData: { y: "YQ==" } }), named("b")],
  [`${DEFAULT}/serviceaccounts`]: [named("a")],
  [`${DEFAULT}/services`]: [
    named("a", { spec: { clusterIP: "10.96.1.1", selector: { b: "2", a: "1" }, ports: [{ port: 80 }] } }),
    named("b", {
      spec: {
        type: "NodePort",
        clusterIP: "10.96.1.2",
        externalIPs: ["192.0.2.1", "192.0.2.2"],
        ports: [{ name: "x", port: 80, nodePort: 30123 }, { name: "y", port: 53, protocol: "UDP", nodePort: 30124 }],
      },
    }),
    named("c", { spec: { type: "LoadBalancer", clusterIP: "10.96.1.3", ports: [{ port: 80, nodePort: 30125 }] } }),
    named("d", { spec: { type: "ExternalName", externalName: "example.com" } }),
    named("e", { spec: { clusterIP: "None" } }),
  ],
  [`${DEFAULT}/events`]: [
    named("a", {
      involvedObject: { kind: "Machine", name: "m", fieldPath: "spec.pxe" },
      reason: "Reason",
      type: "Normal",
      message: " text \n",
      source: { component: "c", host: "h" },
      firstTimestamp: "2020-01-02T03:04:05Z",
      lastTimestamp: "2024-01-02T03:04:05Z",
      count: 7,
    }),
    named("b", {
      involvedObject: { kind: "Node", namespace: "default" },
      reportingComponent: "example.com/c",
      reportingInstance: "i",
      action: "Act",
      reason: "R",
      type: "Warning",
      eventTime: "2023-01-02T03:04:05.000006Z",
      series: { count: 9, lastObservedTime: "2024-01-02T03:04:05.000006Z" },
    }),
    named("c", { involvedObject: {} }),
  ],
  "/apis/apps/v1/namespaces/default/deployments": [named("a", { spec: { replicas: 3, selector, template } })],
  "/apis/coordination.k8s.io/v1/namespaces/default/leases": [
    named("a", { spec: { holderIdentity: "me" } }),
    named("b"),
  ],
  "/api/v1/namespaces": [named("x")],
  "/api/v1/nodes": [
    {
      metadata: {
        name: "a",
        labels: {
          "node-role.kubernetes.io/worker": "",
          "node-role.kubernetes.io/control-plane": "",
          "kubernetes.io/role": "old",
        },
      },
      spec: { unschedulable: true },
    },
    named("b"),
    named("c"),
  ],
  [GAUGES]: [
    gauge("a", { value: "text", list: [{ a: "1" }, { a: "2" }] }, { "example.com/name": "dotted", plain: "quoted" }),
    gauge("b", { value: 5, list: [] }),
    gauge("c", { value: 1.5, list: [{ a: null }] }),
    gauge("d", { value: true, list: [{ a: { x: "<y>", b: 1 } }] }),
    gauge("e", { value: "2024-01-02T03:04:05Z", list: [{ a: [1, "x"] }] }),
    gauge("f", { value: 1e7 }),
    gauge("g", { value: 12345678.5 }),
    gauge("h", {}),
  ],
};

/** What is written into status afterwards. */
const STATUSES: Readonly<Record<string, object>> = {
  [`${DEFAULT}/services/c`]: { loadBalancer: { ingress: [{ ip: "192.0.2.9" }, { hostname: "lb.example.com" }] } },
  "/apis/apps/v1/namespaces/default/deployments/a": {
    replicas: 3,
    readyReplicas: 1,
    updatedReplicas: 2,
    availableReplicas: 1,
  },
  "/api/v1/nodes/a": {
    conditions: [{ type: "Ready", status: "True" }],
    addresses: [{ type: "InternalIP", address: "192.0.2.5" }, { type: "ExternalIP", address: "203.0.113.5" }],
    nodeInfo: {
      machineID: "",
      systemUUID: "",
      bootID: "",
      kubeletVersion: "v1.35.4",
      kubeProxyVersion: "",
      osImage: "OS",
      kernelVersion: "6.1",
      containerRuntimeVersion: "containerd://2",
      operatingSystem: "linux",
      architecture: "amd64",
    },
  },
  "/api/v1/nodes/b": { conditions: [{ type: "Ready", status: "Unknown" }] },
};

async function tableOf(server: TestApiServer, path: string): Promise<unknown> {
  // In the middle of a second its ages are certain.
  await new Promise((resolve) => setTimeout(resolve, (1400 - Date.now() % 1000) % 1000));
  const nowMs = Date.now();
  using client = Deno.createHttpClient({ caCerts: [server.ca], http2: false });
  const accept = "application/json;as=Table;v=v1;g=meta.k8s.io";
  const headers = { authorization: `Bearer ${server.token}`, accept };
  const response = await fetch(`${server.url}${path}?includeObject=Object`, { client, headers });
  const table = await response.json();
  const own = GAUGE_CRD.spec.versions[0]!.additionalPrinterColumns;
  const isOwn = (text: string) => text.startsWith("Custom resource") || own.some((one) => "description" in one);
  const columns = table.columnDefinitions.map(({ description, ...rest }: Record<string, string>, index: number) =>
    path === GAUGES && index > 0 && isOwn(description!) ? { ...rest, description } : rest
  );
  for (const { object } of table.rows) delete object.metadata.managedFields;
  return { path, nowMs, columns, rows: table.rows };
}

await using server = await startApiServer();
await server.apply(GAUGE_CRD);
for (const [path, objects] of Object.entries(OBJECTS)) {
  for (const object of objects) {
    for (let tries = 0;; tries++) {
      try {
        await server.request("POST", path, object);
        break;
      } catch (error) {
        if (tries === 50) throw error;
        await new Promise((resolve) => setTimeout(resolve, 100));
      }
    }
  }
}
for (const [path, status] of Object.entries(STATUSES)) {
  await server.request("PATCH", `${path}/status`, { status }, "application/merge-patch+json");
}
const tables = [];
for (const path of Object.keys(OBJECTS)) tables.push(await tableOf(server, path));
const { gitVersion } = await server.request("GET", "/version");
await Deno.writeTextFile(
  FILE,
  JSON.stringify({ from: `kube-apiserver ${gitVersion}`, crd: GAUGE_CRD, tables }, null, 1) + "\n",
);

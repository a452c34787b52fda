/** Objects of built-in kinds and their metadata, right and wrong: what a real server says of them is recorded. */

/** Objects by the resource they are created as; `kind` and `apiVersion` are in the path. */
export type Cases = Readonly<Record<string, Readonly<Record<string, unknown>>>>;

const named = (rest: object) => ({ metadata: { name: "a" }, ...rest });
const template = (spec: object, labels: object = { a: "b" }) => ({ metadata: { labels }, spec });
const deployment = (pod: object, rest: object = {}, labels: object = { a: "b" }) =>
  named({ spec: { selector: { matchLabels: { a: "b" } }, template: template(pod, labels), ...rest } });
const containers = (...all: object[]) => ({ containers: all });
const service = (spec: object) => named({ spec });
const ports = (...all: object[]) => service({ ports: all });
const meta = (metadata: object) => ({ metadata: { name: "a", ...metadata } });
const owner = { apiVersion: "v1", kind: "X", name: "n", uid: "1" };

/** What is created. */
export const CREATED: Cases = {
  configmaps: {
    "plain": named({ data: { a: "b" }, binaryData: { c: "YQ==" } }),
    "keys": named({
      data: { "a b": "x", c: "y", "..": "z", "..a": "", ["k".repeat(254)]: "" },
      binaryData: { c: "YQ==" },
    }),
    "binary data that is no base64": named({ binaryData: { d: "YQ==", e: "a!" } }),
    "a number for a text": named({ data: { a: 1 } }),
    "a list for data": named({ data: ["x"] }),
    "no name": { metadata: {} },
    "a wrong name": { metadata: { name: "A_b" } },
    "a long name": { metadata: { name: "a".repeat(254) } },
    "a name with dots": { metadata: { name: "a.b-c.1" } },
    "a wrong prefix of names": meta({ generateName: "A_" }),
    "a prefix of names that ends with a dash": meta({ generateName: "a-" }),
    "labels": meta({
      labels: {
        "a b": "c",
        ok: "a b",
        "/x": "1",
        "p_/x": "-",
        "a/b/c": "",
        long: "x".repeat(64),
        ["k".repeat(64)]: "",
      },
    }),
    "annotations": meta({ annotations: { "a b": "c", "Ab.C/x": "any text at all" } }),
    "finalizers": meta({ finalizers: ["bad one", "foo", "a/b", "foregroundDeletion", "orphan"] }),
    "owners that lack everything": meta({ ownerReferences: [{}, { ...owner, apiVersion: "a/b/c" }] }),
    "an owner that is an event": meta({
      ownerReferences: [{ ...owner, kind: "Event" }, { ...owner, apiVersion: "events.k8s.io/v1", kind: "Event" }],
    }),
    "two controllers": meta({
      ownerReferences: [{ ...owner, controller: true }, {
        ...owner,
        uid: "2",
        name: "m",
        controller: true,
        blockOwnerDeletion: true,
      }],
    }),
  },
  secrets: {
    "plain": named({ data: { a: "YQ==" } }),
    "no base64": named({ data: { k: "not base64!" } }),
    "base64 without its end": named({ data: { k: "YWJjYQ" } }),
    "base64 with too much at its end": named({ data: { k: "YQ==x" } }),
    "base64 with one equals sign too few": named({ data: { k: "YQ=" } }),
    "base64 with an equals sign in front": named({ data: { k: "=YQ=" } }),
    "base64 over lines": named({ data: { k: "YW\nJj" } }),
    "a number in data": named({ data: { k: 5 } }),
    "a text for data": named({ data: "x" }),
    "keys": named({ data: { "k/x": "YQ==", "..": "YQ==", "..a": "YQ==" } }),
    "a certificate without data": named({ type: "kubernetes.io/tls", data: {} }),
    "a registry's configuration without data": named({ type: "kubernetes.io/dockerconfigjson" }),
    "a registry's configuration that is no JSON": named({
      type: "kubernetes.io/dockerconfigjson",
      data: { ".dockerconfigjson": "YQ==" },
    }),
    "basic authentication without data": named({ type: "kubernetes.io/basic-auth" }),
    "basic authentication": named({ type: "kubernetes.io/basic-auth", data: { username: "YQ==" } }),
    "an SSH key without data": named({ type: "kubernetes.io/ssh-auth" }),
    "a token without its account": named({ type: "kubernetes.io/service-account-token" }),
    "a bootstrap token": named({ type: "bootstrap.kubernetes.io/token" }),
    "a text for a boolean": named({ immutable: "x" }),
  },
  services: {
    "nothing": named({}),
    "a wrong name": { metadata: { name: "1.b" }, spec: { ports: [{ port: 1 }] } },
    "one port": ports({ port: 80 }),
    "a port that is empty": ports({}),
    "ports without names": ports({ port: 80 }, { port: 81, name: "A" }, {
      port: 80,
      protocol: "X",
      targetPort: "bad name!",
    }),
    "ports with one name": ports({ port: 80, name: "a" }, { port: 81, name: "a" }),
    "a port twice": ports({ port: 80, name: "a" }, { port: 80, name: "b" }),
    "a port out of range": ports({ port: 70000 }),
    "a text for a port": ports({ port: "80" }),
    "a wrong type": service({ type: "X", ports: [{ port: 1 }] }),
    "an external name": service({ type: "ExternalName", externalName: "example.com" }),
    "an external name without it": service({ type: "ExternalName" }),
    "no address": service({ clusterIP: "None", selector: { a: "b" }, ports: [{ port: 1 }] }),
    "a wrong address": service({ clusterIP: "x", ports: [{ port: 1 }] }),
    "a load balancer": service({
      type: "LoadBalancer",
      sessionAffinity: "ClientIP",
      ports: [{ port: 1, targetPort: "http" }],
    }),
    "a node port": service({ type: "NodePort", ports: [{ port: 1, nodePort: 30001 }] }),
    "a wrong affinity": service({ sessionAffinity: "X", ports: [{ port: 1 }] }),
  },
  leases: {
    "plain": named({
      spec: { holderIdentity: "me", leaseDurationSeconds: 15, renewTime: "2024-01-02T03:04:05.000006Z" },
    }),
    "numbers out of range": named({ spec: { leaseDurationSeconds: 0, leaseTransitions: -1, holderIdentity: "" } }),
    "no time": named({ spec: { renewTime: "x" } }),
    "a time without microseconds": named({ spec: { renewTime: "2024-01-02T03:04:05Z" } }),
    "a month out of range": named({ spec: { renewTime: "2024-13-02T03:04:05.000006Z" } }),
    "a wrong zone": named({ spec: { renewTime: "2024-01-02T03:04:05.000006" } }),
  },
  events: {
    "nothing": named({}),
    "of another namespace": named({ involvedObject: { namespace: "other" } }),
    "plain": named({
      involvedObject: { kind: "Node", name: "x" },
      reason: "R",
      message: "M",
      type: "Normal",
      firstTimestamp: "2024-01-02T03:04:05Z",
      count: 1,
    }),
    "no time": named({ involvedObject: {}, firstTimestamp: "2024-01-02" }),
  },
  nodes: {
    "taints": named({ spec: { taints: [{ key: "a b", effect: "X" }, { key: "k" }] } }),
    "a number for a text": named({ spec: { providerID: 5 } }),
  },
  namespaces: {
    "a name with a dot": { metadata: { name: "a.b" } },
    "a long name": { metadata: { name: "a".repeat(64) } },
  },
  serviceaccounts: { "plain": named({}) },
  deployments: {
    "nothing": named({ spec: {} }),
    "without spec": named({}),
    "least": deployment(containers({ name: "x", image: "i" })),
    "labels that differ": deployment(containers({ name: "x" }), {}, { a: "c" }),
    "an empty selector": named({
      spec: { replicas: -1, selector: {}, template: template(containers({ name: "x", image: "i" })) },
    }),
    "expressions": named({
      spec: {
        selector: {
          matchExpressions: [{ key: "a", operator: "In", values: ["b", "c"] }, { key: "z", operator: "DoesNotExist" }],
        },
        template: template(containers({ name: "x", image: "i" })),
      },
    }),
    "wrong expressions": named({
      spec: {
        selector: {
          matchExpressions: [{ key: "a", operator: "In" }, { key: "a b", operator: "Exists", values: ["x"] }, {
            key: "b",
            operator: "X",
          }],
        },
        template: template(containers({ name: "x", image: "i" })),
      },
    }),
    "wrong containers": deployment({
      ...containers({ name: "X", image: "i" }, { image: "x" }, { name: "c", image: "x", imagePullPolicy: "No" }, {
        name: "c",
        image: "x",
        ports: [{}],
        env: [{ value: "x" }],
      }),
      restartPolicy: "Never",
    }),
    "images and their pull policies": deployment(
      containers({ name: "a", image: "i:1" }, { name: "b", image: "i:latest" }, { name: "c", image: "r:5000/i" }, {
        name: "d",
        image: "i@sha256:" + "0".repeat(64),
      }),
    ),
    "a pod with most fields": deployment({
      ...containers({
        name: "x",
        image: "i:1",
        ports: [{ containerPort: 80 }],
        livenessProbe: { httpGet: { port: 80 } },
        readinessProbe: { exec: { command: ["true"] }, periodSeconds: 3 },
        env: [{ name: "A", valueFrom: { fieldRef: { fieldPath: "metadata.name" } } }, { name: "B" }],
        resources: { limits: { cpu: "1", memory: "1Gi" } },
      }),
      initContainers: [{ name: "init", image: "i" }],
      serviceAccountName: "sa",
      volumes: [
        { name: "s", secret: { secretName: "x" } },
        { name: "c", configMap: { name: "x" } },
        { name: "e" },
        { name: "h", hostPath: { path: "/x" } },
        { name: "d", downwardAPI: {} },
        { name: "p", projected: { sources: [{ configMap: { name: "x" } }] } },
      ],
    }),
    "a wrong strategy": deployment(containers({ name: "x", image: "i" }), { strategy: { type: "X" } }),
    "recreate with rolling update": deployment(containers({ name: "x", image: "i" }), {
      strategy: { type: "Recreate", rollingUpdate: { maxSurge: 1 } },
    }),
    "a text for replicas": named({ spec: { replicas: "3" } }),
    "a fraction for replicas": named({ spec: { replicas: 1.5 } }),
    "too many replicas": named({ spec: { replicas: 99999999999 } }),
    "a number for a container's name": deployment(containers({ name: 5 })),
    "an object for containers": deployment({ containers: { name: 5 } }),
    "a boolean for a container's port": deployment(containers({ name: "x", ports: [{ containerPort: true }] })),
    "a boolean for an integer or text": named({ spec: { strategy: { rollingUpdate: { maxSurge: true } } } }),
    "no quantity": deployment(containers({ name: "x", image: "i", resources: { limits: { cpu: "bad" } } })),
    "a text for spec": named({ spec: "x" }),
    "an object for a list of texts": deployment(containers({ name: "x", args: { a: 1 }, command: [1] })),
  },
};

/** The least object of each kind, and what nobody may change in its metadata. */
const metadataOf = (object: object): Readonly<Record<string, readonly [object, object]>> => ({
  "labels": [object, { ...object, metadata: { name: "a", labels: { "a b": "c" } } }],
  "owners, annotations and finalizers": [object, {
    ...object,
    metadata: { name: "a", annotations: { "a b": "c" }, finalizers: ["foo"], ownerReferences: [{}] },
  }],
  "times": [object, {
    ...object,
    metadata: {
      name: "a",
      creationTimestamp: "2020-01-02T03:04:05Z",
      deletionTimestamp: "2020-01-02T03:04:05Z",
      deletionGracePeriodSeconds: 5,
    },
  }],
});

/** What is created and then changed into the second. */
export const CHANGED: Readonly<Record<string, Readonly<Record<string, readonly [object, object]>>>> = {
  events: metadataOf(named({ involvedObject: {} })),
  nodes: metadataOf(named({})),
  serviceaccounts: metadataOf(named({})),
  probes: metadataOf(named({ apiVersion: "test.example.com/v1", kind: "Probe" })),
  configmaps: {
    ...metadataOf(named({})),
    "data of an immutable one": [
      named({ immutable: true, data: { a: "b" } }),
      named({ immutable: true, data: { a: "c" } }),
    ],
    "an immutable one into one that is not": [
      named({ immutable: true, data: { a: "b" }, binaryData: {} }),
      named({ data: { a: "b" }, binaryData: { x: "YQ==" } }),
    ],
    "times": [
      named({}),
      meta({
        creationTimestamp: "2020-01-02T03:04:05Z",
        deletionTimestamp: "2020-01-02T03:04:05Z",
        deletionGracePeriodSeconds: 5,
        generation: -1,
      }),
    ],
  },
  secrets: {
    ...metadataOf(named({})),
    "type": [named({}), named({ type: "other" })],
    "data of an immutable one": [
      named({ immutable: true, data: { a: "YQ==" } }),
      named({ immutable: true, data: { a: "Yg==" }, type: "Opaque" }),
    ],
    "an immutable one into one that is not": [
      named({ immutable: true }),
      named({ immutable: false, data: { a: "Yg==" } }),
    ],
  },
  services: {
    ...metadataOf(ports({ port: 1 })),
    "address": [ports({ port: 1 }), service({ clusterIP: "10.96.0.77", ports: [{ port: 1 }] })],
    "address left out": [ports({ port: 1 }), ports({ port: 2 })],
  },
  deployments: {
    ...metadataOf(deployment(containers({ name: "x", image: "i" }))),
    selector: [
      deployment(containers({ name: "x", image: "i" })),
      named({
        spec: {
          selector: { matchLabels: { a: "c" } },
          template: template(containers({ name: "x", image: "i" }), { a: "c" }),
        },
      }),
    ],
  },
  leases: {
    ...metadataOf(named({ spec: {} })),
    "transitions that go down": [named({ spec: { leaseTransitions: 2 } }), named({ spec: { leaseTransitions: 1 } })],
  },
};

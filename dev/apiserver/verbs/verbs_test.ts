import assert from "node:assert/strict";
import type { ApiObject, Json, JsonObject } from "../object.ts";
import { type RigRequest, VerbsRig } from "./verbs_rig.ts";

const MERGE = "application/merge-patch+json";
const APPLY = "application/apply-patch+yaml";
const version = ({ metadata }: ApiObject) => String(metadata["resourceVersion"]);
const create = (rig: VerbsRig, kind: string, body: JsonObject, rest: RigRequest = {}) =>
  rig.call("create", kind, { body, ...rest });

Deno.test("create() sets what the server alone says, and drops the status (Kubernetes API conventions, Metadata)", () => {
  using rig = new VerbsRig();
  const { code, body } = create(rig, "Widget", {
    metadata: {
      name: "a",
      uid: "mine",
      creationTimestamp: "2020-01-01T00:00:00Z",
      deletionTimestamp: "2020-01-01T00:00:00Z",
      selfLink: "/x",
      labels: {},
    },
    spec: { size: 2 },
    status: { phase: "x" },
  });
  const { managedFields: _, ...metadata } = body["metadata"] as JsonObject;
  assert.equal(code, 201);
  assert.deepEqual({ ...body, metadata }, {
    apiVersion: "example.com/v1",
    kind: "Widget",
    metadata: {
      name: "a",
      uid: "uid-3",
      creationTimestamp: "2026-01-01T00:00:00Z",
      generation: 1,
      resourceVersion: String(rig.store.revision),
    },
    spec: { size: 2, color: "red" },
  });
});

Deno.test("create() makes names from generateName, and tries others where one is taken", () => {
  const chances = [0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0.5, 0.5, 0.5, 0.5, 0.5];
  using rig = new VerbsRig(() => chances.shift() ?? 0);
  const name = () => (create(rig, "Widget", { metadata: { generateName: "w-" } }).body as ApiObject).metadata.name;
  assert.equal(name(), "w-bbbbb");
  assert.equal(name(), "w-rrrrr");
  assert.equal(
    rig.refusal("create", "Widget", { body: { metadata: { generateName: "w-" } } }),
    '409 widgets.example.com "w-bbbbb" already exists',
  );
});

/** As kube-apiserver 1.35 was seen to answer. */
const REFUSED: [name: string, call: Parameters<VerbsRig["call"]>, wanted: string][] = [
  [
    "create() of what is there",
    ["create", "Widget", { body: { metadata: { name: "a" } } }],
    '409 widgets.example.com "a" already exists',
  ],
  [
    "create() of what is being deleted",
    ["create", "Widget", { body: { metadata: { name: "held" } } }],
    '409 object is being deleted: widgets.example.com "held" already exists',
  ],
  [
    "create() with a resourceVersion",
    ["create", "Widget", { body: { metadata: { name: "x", resourceVersion: "5" } } }],
    "500 resourceVersion should not be set on objects to be created",
  ],
  [
    "create() in a namespace that is not there",
    ["create", "ConfigMap", { namespace: "nope", body: { metadata: { name: "x" } } }],
    '404 namespaces "nope" not found',
  ],
  [
    "create() without a name",
    ["create", "Widget", { body: { metadata: {} } }],
    '422 Widget.example.com "" is invalid: metadata.name: Required value: name or generateName is required',
  ],
  [
    "create() against the schema",
    ["create", "Widget", { body: { metadata: { name: "x" }, spec: { size: 0 } } }],
    '422 Widget.example.com "x" is invalid: spec.size: Invalid value: 0: spec.size in body should be greater than or equal to 1',
  ],
  [
    "create() with unknown fields, strictly",
    ["create", "Widget", { query: "fieldValidation=Strict", body: { metadata: { name: "x" }, spec: { nope: 1 } } }],
    '400 Widget in version "v1" cannot be handled as a Widget: strict decoding error: unknown field "spec.nope"',
  ],
  [
    "update() of nothing",
    ["update", "Widget", { name: "x", body: { metadata: { name: "x" } } }],
    '404 widgets.example.com "x" not found',
  ],
  [
    "update() without a resourceVersion",
    ["update", "Widget", { name: "a", body: { metadata: { name: "a" } } }],
    '422 widgets.example.com "a" is invalid: metadata.resourceVersion: Invalid value: 0: must be specified for an update',
  ],
  [
    "update() of what another has written",
    ["update", "Widget", { name: "a", body: { metadata: { name: "a", resourceVersion: "1" } } }],
    '409 Operation cannot be fulfilled on widgets.example.com "a": the object has been modified; please apply your changes to the latest version and try again',
  ],
  [
    "update() with a resourceVersion that is none",
    ["update", "ConfigMap", { name: "c", body: { metadata: { name: "c", resourceVersion: "x" } } }],
    '500 strconv.ParseUint: parsing "x": invalid syntax',
  ],
  [
    "update() of an object with another uid",
    ["update", "ConfigMap", { name: "c", body: { metadata: { name: "c", uid: "u" } } }],
    '409 Operation cannot be fulfilled on configmaps "c": StorageError: invalid object, Code: 4, Key: /registry/configmaps/default/c, ' +
    "ResourceVersion: 0, AdditionalErrorMsg: Precondition failed: UID in precondition: u, UID in object meta: uid-6",
  ],
  [
    "patch() of nothing",
    ["patch", "Widget", { name: "x", body: {}, contentType: MERGE }],
    '404 widgets.example.com "x" not found',
  ],
  [
    "patch() of the uid",
    ["patch", "Widget", { name: "a", body: { metadata: { uid: "q" } }, contentType: MERGE }],
    '422 Widget.example.com "a" is invalid: metadata.uid: Invalid value: "q": field is immutable',
  ],
  [
    "patch() of the name",
    ["patch", "Widget", { name: "a", body: { metadata: { name: "q" } }, contentType: MERGE }],
    "400 the name of the object (q) does not match the name on the URL (a)",
  ],
  [
    "patch() of the apiVersion",
    ["patch", "Widget", { name: "a", body: { apiVersion: "v9" }, contentType: MERGE }],
    '422 Widget "a" is invalid: apiVersion: Invalid value: "v9": must be example.com/v1',
  ],
  [
    "a strategic merge patch of a custom kind",
    ["patch", "Widget", { name: "a", body: {}, contentType: "application/strategic-merge-patch+json" }],
    "415 the body of the request was in an unknown format - accepted media types include: application/json-patch+json, " +
    "application/merge-patch+json, application/apply-patch+yaml",
  ],
  [
    "an apply of another kind",
    ["patch", "Widget", {
      name: "a",
      query: "fieldManager=m",
      contentType: APPLY,
      body: { kind: "Foo", metadata: { name: "a" } },
    }],
    "400 invalid object type: example.com/v1, Kind=Foo",
  ],
  [
    "an apply with managedFields",
    ["patch", "Widget", {
      name: "a",
      query: "fieldManager=m",
      contentType: APPLY,
      body: { metadata: { name: "a", managedFields: [{}] } },
    }],
    "400 metadata.managedFields must be nil",
  ],
  [
    "an apply of an object that has a uid and is not there",
    ["patch", "Widget", {
      name: "x",
      query: "fieldManager=m",
      contentType: APPLY,
      body: { metadata: { name: "x", uid: "u" } },
    }],
    '409 Operation cannot be fulfilled on widgets.example.com "x": uid mismatch: the provided object specified uid u, and no existing object was found',
  ],
  ["delete() of nothing", ["delete", "Widget", { name: "x" }], '404 widgets.example.com "x" not found'],
  [
    "delete() of an object with another uid",
    ["delete", "Widget", { name: "a", body: { preconditions: { uid: "x" } } }],
    '409 Operation cannot be fulfilled on Widget.example.com "a": the UID in the precondition (x) does not match the UID in record (uid-3). ' +
    "The object might have been deleted and then recreated",
  ],
  [
    "delete() of an object at another revision",
    ["delete", "ConfigMap", { name: "c", body: { preconditions: { resourceVersion: "1" } } }],
    '409 Operation cannot be fulfilled on ConfigMap "c": the ResourceVersion in the precondition (1) does not match the ResourceVersion in record (8). ' +
    "The object might have been modified",
  ],
  [
    "a new finalizer of what is being deleted",
    ["patch", "Widget", { name: "held", body: { metadata: { finalizers: ["a.b/d"] } }, contentType: MERGE }],
    '422 Widget.example.com "held" is invalid: metadata.finalizers: Forbidden: no new finalizers can be added if the object is being deleted, ' +
    'found new finalizers []string{"a.b/d"}',
  ],
];

for (const [name, call, wanted] of REFUSED) {
  Deno.test(`${name} is refused in the words of kube-apiserver, and changes nothing`, () => {
    using rig = new VerbsRig();
    rig.widget("a");
    rig.widget("held", { finalizers: ["a.b/c"] });
    rig.call("delete", "Widget", { name: "held" });
    create(rig, "Secret", { metadata: { name: "s" } });
    create(rig, "ConfigMap", { metadata: { name: "c" } });
    const { revision } = rig.store;
    assert.equal(rig.refusal(...call), wanted);
    assert.equal(rig.store.revision, revision);
  });
}

Deno.test("unknown fields are dropped, with a warning unless it is not wanted (Kubernetes API concepts, Validation for unrecognized or duplicate fields)", () => {
  using rig = new VerbsRig();
  const warned = create(rig, "Widget", { metadata: { name: "a" }, spec: { nope: 1 } });
  assert.deepEqual(warned.warnings, ['unknown field "spec.nope"']);
  assert.deepEqual(warned.body["spec"], { color: "red" });
  const silent = create(rig, "Widget", { metadata: { name: "b" }, spec: { nope: 1 } }, {
    query: "fieldValidation=Ignore",
  });
  assert.deepEqual(silent.warnings, []);
  for (const color of ['"x"', '"\\\\"', '"a\\":"', '"\\\\\\":"']) {
    const text =
      `{"apiVersion":"example.com/v1","kind":"Widget","metadata":{"generateName":"c"},"spec":{"color":${color},"size":1,"size" :2}}`;
    const { warnings } = create(rig, "Widget", JSON.parse(text), { text, query: "dryRun=All" });
    assert.deepEqual(warnings, ['duplicate field "spec.size"']);
    const once = text.replace('"size":1,', "");
    assert.deepEqual(create(rig, "Widget", JSON.parse(once), { text: once, query: "dryRun=All" }).warnings, []);
  }
});

Deno.test("dryRun=All answers and stores nothing (Kubernetes API concepts, Dry-run)", () => {
  using rig = new VerbsRig();
  const query = "dryRun=All";
  const { revision } = rig.store;
  const made = create(rig, "Widget", { metadata: { name: "a" } }, { query }).body as ApiObject;
  assert.deepEqual([made.metadata["uid"], made.metadata["resourceVersion"]], ["uid-3", undefined]);
  assert.equal(rig.store.revision, revision);
  const live = rig.widget("a", { labels: { a: "1" } });
  const patched = rig.merge("Widget", "a", { spec: { size: 3 } }, { query });
  assert.deepEqual([patched["spec"], version(patched)], [{ size: 3, color: "red" }, version(live)]);
  rig.call("delete", "Widget", { name: "a", query });
  rig.call("deleteCollection", "Widget", { query });
  assert.deepEqual(rig.object("get", "Widget", { name: "a" }), live);
  assert.equal(
    rig.refusal("create", "Widget", { query, body: { metadata: { name: "a" } } }),
    '409 widgets.example.com "a" already exists',
  );
});

Deno.test("generation counts changes of the rest, and neither status nor metadata (Kubernetes API conventions, Metadata)", () => {
  using rig = new VerbsRig();
  rig.widget("a");
  const generation = (body: Json, status = false) => rig.merge("Widget", "a", body, { status }).metadata["generation"];
  assert.equal(generation({ metadata: { labels: { a: "1" }, generation: 9 } }), 1);
  assert.equal(generation({ spec: { size: 1 } }), 2);
  assert.equal(generation({ status: { phase: "x" } }, true), 2);
  assert.equal(generation({ spec: { size: 1 } }), 2);
});

Deno.test("status is written by its subresource alone, and nothing else by it (CustomResourceDefinitions, Status subresource)", () => {
  using rig = new VerbsRig();
  rig.widget("a", {}, { spec: { size: 1 } });
  const body = { metadata: { labels: { l: "1" } }, spec: { size: 2 }, status: { phase: "x" } };
  const status = rig.merge("Widget", "a", body, { status: true });
  assert.deepEqual([status.metadata["labels"], status["spec"], status["status"]], [
    undefined,
    { size: 1, color: "red" },
    { phase: "x" },
  ]);
  const spec = rig.merge("Widget", "a", { ...body, status: { phase: "y" } });
  assert.deepEqual([spec.metadata["labels"], spec["spec"], spec["status"]], [{ l: "1" }, { size: 2, color: "red" }, {
    phase: "x",
  }]);
  const put = rig.object("update", "Widget", {
    name: "a",
    status: true,
    body: { ...spec, spec: { size: 9 }, status: { phase: "z" } },
  });
  assert.deepEqual([put["spec"], put["status"]], [{ size: 2, color: "red" }, { phase: "z" }]);
});

Deno.test("a Deployment's status takes annotations along, and no labels, spec or generation", () => {
  using rig = new VerbsRig();
  const template = { metadata: { labels: { a: "b" } }, spec: { containers: [{ name: "c", image: "i" }] } };
  const spec = { selector: { matchLabels: { a: "b" } }, template };
  const made = create(rig, "Deployment", { metadata: { name: "d" }, spec, status: { replicas: 4 } }).body;
  assert.deepEqual(made["status"], {});
  const metadata = { generation: 9, labels: { l: "1" }, annotations: { n: "1" } };
  const body = { metadata, spec: { replicas: 7 }, status: { replicas: 3 } };
  const status = rig.merge("Deployment", "d", body, { status: true });
  const { generation, labels, annotations } = status.metadata;
  assert.deepEqual([generation, labels, annotations], [1, undefined, { n: "1" }]);
  assert.deepEqual([status["spec"], status["status"]], [made["spec"], { replicas: 3 }]);
});

Deno.test("a write that changes nothing makes no revision", () => {
  using rig = new VerbsRig();
  const live = rig.widget("a", { labels: { a: "1" } });
  assert.equal(rig.merge("Widget", "a", { metadata: { labels: { a: "1" } } }), live);
  assert.equal(rig.object("update", "Widget", { name: "a", body: live }), live);
  const { managedFields: _, ...metadata } = live.metadata;
  assert.equal(rig.object("update", "Widget", { name: "a", body: { ...live, metadata }, userAgent: "other" }), live);
});

Deno.test("update() keeps what a client leaves out of metadata, and of built-in kinds needs no resourceVersion", () => {
  using rig = new VerbsRig();
  const { metadata } = create(rig, "ConfigMap", { metadata: { name: "c" }, data: { a: "1" } }).body as ApiObject;
  const put = rig.object("update", "ConfigMap", {
    name: "c",
    body: { metadata: { name: "c", creationTimestamp: "2020-01-01T00:00:00Z" } },
  });
  assert.equal(put["data"], undefined);
  for (const field of ["uid", "namespace", "creationTimestamp"]) assert.equal(put.metadata[field], metadata[field]);
});

Deno.test("update() creates a Lease that is not there, and no ConfigMap", () => {
  using rig = new VerbsRig();
  const body = { metadata: { name: "l", resourceVersion: "55" } };
  assert.equal(rig.call("update", "Lease", { name: "l", body }).code, 201);
  assert.equal(rig.refusal("update", "ConfigMap", { name: "l", body }), '404 configmaps "l" not found');
  assert.match(
    rig.refusal("update", "Lease", { name: "l", body: { metadata: { name: "l" } } }),
    /^422 leases.coordination/,
  );
});

Deno.test("patches in all forms", () => {
  using rig = new VerbsRig();
  create(rig, "ConfigMap", { metadata: { name: "c" }, data: { a: "1" } });
  const patch = (contentType: string, body: Json) =>
    rig.object("patch", "ConfigMap", { name: "c", contentType, body })["data"];
  assert.deepEqual(patch(MERGE, { data: { b: "2" } }), { a: "1", b: "2" });
  assert.deepEqual(patch("application/json-patch+json", [{ op: "remove", path: "/data/a" }]), { b: "2" });
  assert.deepEqual(patch("application/strategic-merge-patch+json", { data: { c: "3" } }), { b: "2", c: "3" });
});

Deno.test("an apply creates, changes, and conflicts with other appliers (Kubernetes, Server-Side Apply)", () => {
  using rig = new VerbsRig();
  const apply = (manager: string, size: number, query = ""): Parameters<VerbsRig["call"]> => [
    "patch",
    "Widget",
    {
      name: "a",
      query: `fieldManager=${manager}${query}`,
      contentType: APPLY,
      body: { metadata: { name: "a" }, spec: { size } },
    },
  ];
  const made = rig.call(...apply("m", 1));
  assert.deepEqual([made.code, made.body["spec"]], [201, { size: 1, color: "red" }]);
  assert.equal(rig.call(...apply("m", 1)).body, rig.object("get", "Widget", { name: "a" }));
  assert.equal(rig.object(...apply("m", 2)).metadata["generation"], 2);
  assert.equal(rig.refusal(...apply("n", 3)), '409 Apply failed with 1 conflict: conflict with "m": .spec.size');
  assert.deepEqual(rig.object(...apply("n", 3, "&force=true"))["spec"], { size: 3, color: "red" });
});

Deno.test("delete() answers with a Status, and of some kinds with the object", () => {
  using rig = new VerbsRig();
  const { metadata: { uid } } = rig.widget("a");
  assert.deepEqual(rig.call("delete", "Widget", { name: "a" }).body, {
    kind: "Status",
    apiVersion: "v1",
    metadata: {},
    status: "Success",
    details: { name: "a", group: "example.com", kind: "widgets", uid },
  });
  create(rig, "ServiceAccount", { metadata: { name: "s" } });
  assert.equal(rig.call("delete", "ServiceAccount", { name: "s" }).body["kind"], "ServiceAccount");
});

Deno.test("an object with finalizers goes with the last of them (Kubernetes, Finalizers)", () => {
  using rig = new VerbsRig();
  rig.widget("a", { finalizers: ["a.b/c"] });
  const marked = rig.object("delete", "Widget", { name: "a" });
  const { deletionTimestamp, deletionGracePeriodSeconds, generation } = marked.metadata;
  assert.deepEqual([deletionTimestamp, deletionGracePeriodSeconds, generation], ["2026-01-01T00:00:00Z", 0, 2]);
  rig.clock.advance(5000);
  assert.equal(rig.object("delete", "Widget", { name: "a" }), marked);
  const last = rig.merge("Widget", "a", { metadata: { finalizers: null, labels: { last: "1" } } });
  assert.deepEqual([last.metadata["labels"], version(last)], [{ last: "1" }, version(marked)]);
  assert.equal(rig.refusal("get", "Widget", { name: "a" }), '404 widgets.example.com "a" not found');
});

Deno.test("deleteCollection() deletes what the selectors mean, page by page", () => {
  using rig = new VerbsRig();
  for (const name of ["a", "b", "c"]) rig.widget(name, { labels: { odd: String(name !== "b") } });
  const { body } = rig.call("deleteCollection", "Widget", { query: "labelSelector=odd%3Dtrue&limit=1" });
  assert.deepEqual((body["items"] as ApiObject[]).map(({ metadata: { name } }) => name), ["a"]);
  rig.call("deleteCollection", "Widget", { query: "labelSelector=odd%3Dtrue" });
  const left = rig.call("list", "Widget").body["items"] as ApiObject[];
  assert.deepEqual(left.map(({ metadata: { name } }) => name), ["b"]);
});

Deno.test("a namespace takes with it what is in it, and carries its name as a label (Kubernetes, Namespaces)", () => {
  using rig = new VerbsRig();
  const made = create(rig, "Namespace", { metadata: { generateName: "n-" }, status: { phase: "x" } }).body as ApiObject;
  const { name } = made.metadata;
  assert.deepEqual(made.metadata["labels"], { "kubernetes.io/metadata.name": name });
  assert.deepEqual([made["spec"], made["status"]], [{ finalizers: ["kubernetes"] }, { phase: "Active" }]);
  const named = create(rig, "Namespace", { metadata: { name: "named" } }).body as ApiObject;
  assert.match(JSON.stringify(named.metadata["managedFields"]), /f:kubernetes.io\/metadata.name/);
  create(rig, "Secret", { metadata: { name: "s", finalizers: ["a.b/c"] } }, { namespace: name });
  create(rig, "ConfigMap", { metadata: { name: "kept" } });
  const gone = rig.object("delete", "Namespace", { name, query: "propagationPolicy=Foreground" });
  assert.deepEqual(gone["status"], { phase: "Terminating" });
  assert.equal(rig.refusal("get", "Secret", { name: "s", namespace: name }), '404 secrets "s" not found');
  assert.equal(rig.refusal("get", "ConfigMap", { name: "kept" }), "done");
});

Deno.test("an owner takes with it what nobody else owns, unless that is to stay (Kubernetes, Garbage Collection)", () => {
  using rig = new VerbsRig();
  const owner = (of: ApiObject) => ({
    apiVersion: "example.com/v1",
    kind: "Widget",
    name: of.metadata.name,
    uid: of.metadata["uid"]!,
  });
  const [a, b] = [rig.widget("a"), rig.widget("b")];
  const child = rig.widget("child", { ownerReferences: [owner(a)] });
  create(rig, "ConfigMap", { metadata: { name: "grandchild", ownerReferences: [owner(child)] } });
  rig.widget("shared", { ownerReferences: [owner(a), owner(b)] });
  rig.call("delete", "Widget", { name: "a", body: { propagationPolicy: "Background" } });
  assert.match(rig.refusal("get", "Widget", { name: "child" }), /^404/);
  assert.match(rig.refusal("get", "ConfigMap", { name: "grandchild" }), /^404/);
  assert.equal(rig.refusal("get", "Widget", { name: "shared" }), "done");
  rig.widget("orphan", { ownerReferences: [owner(b)] });
  rig.call("delete", "Widget", { name: "b", query: "propagationPolicy=Orphan" });
  assert.equal(rig.refusal("get", "Widget", { name: "orphan" }), "done");
});

Deno.test("Foreground and Orphan hold the object until its dependents are dealt with (Kubernetes, Garbage Collection)", () => {
  using rig = new VerbsRig();
  const owned = (of: ApiObject) => ({
    ownerReferences: [{
      apiVersion: "example.com/v1",
      kind: "Widget",
      name: of.metadata.name,
      uid: of.metadata["uid"]!,
    }],
  });
  for (const [policy, hold] of [["Foreground", "foregroundDeletion"], ["Orphan", "orphan"]] as const) {
    const owner = rig.widget("owner");
    const heldTwice = rig.widget("held", { finalizers: ["a.b/c"] });
    rig.widget("child", owned(owner));
    const query = `propagationPolicy=${policy}`;
    assert.deepEqual(rig.object("delete", "Widget", { name: "owner", query }).metadata["finalizers"], [hold]);
    assert.match(rig.refusal("get", "Widget", { name: "owner" }), /^404/);
    if (policy === "Foreground") assert.match(rig.refusal("get", "Widget", { name: "child" }), /^404/);
    else assert.equal(rig.object("get", "Widget", { name: "child" }).metadata["ownerReferences"], undefined);
    assert.equal(heldTwice.metadata["deletionTimestamp"], undefined);
    const held = rig.object("delete", "Widget", { name: "held", query });
    assert.deepEqual(held.metadata["finalizers"], ["a.b/c", hold]);
    assert.deepEqual(rig.object("get", "Widget", { name: "held" }).metadata["finalizers"], ["a.b/c"]);
    rig.merge("Widget", "held", { metadata: { finalizers: null } });
  }
});

Deno.test("a Secret's stringData is folded into data (Kubernetes, Secrets)", () => {
  using rig = new VerbsRig();
  const { body } = create(rig, "Secret", {
    metadata: { name: "s" },
    stringData: { a: "b" },
    data: { a: "eA==", c: "ZA==" },
  });
  assert.deepEqual([body["data"], body["stringData"], body["type"]], [{ a: "Yg==", c: "ZA==" }, undefined, "Opaque"]);
});

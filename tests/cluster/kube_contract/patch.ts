/** Patches: merge (RFC 7386), JSON (RFC 6902) and strategic merge. */
import type { Case } from "./conversation.ts";
import { CONFIG_MAP, MACHINE } from "./given.ts";

/** See the names. */
export const cases: readonly Case[] = [
  {
    name: "merge patch: sets, replaces and removes",
    given: CONFIG_MAP,
    talk: `
> PATCH $cm/a
+ content-type: application/merge-patch+json
? data metadata.labels
{data: {k: null, m: n}, metadata: {labels: {l: null, new: x}}}
< 200
{data: {l: w, m: n}, metadata.labels: {new: x}}
`,
  },
  {
    name: "merge patch of a Machine replaces lists",
    given: MACHINE,
    talk: `
> PATCH $machines/$ns-a
+ content-type: application/merge-patch+json
? spec metadata.generation
{spec: {kubernetes: {bootstrapTokenRef: {name: t}, registerWithTaints: [a, b]}}}
< 200
spec: {kubernetes: {bootstrapTokenRef: {name: t}, registerWithTaints: [a, b]}, pxe: {image: i}}
metadata.generation: 2
> PATCH $machines/$ns-a
+ content-type: application/merge-patch+json
? spec metadata.generation
{spec: {kubernetes: {registerWithTaints: [c]}}}
< 200
{spec: {kubernetes: {bootstrapTokenRef: {name: t}, registerWithTaints: [c]}, pxe: {image: i}}, metadata.generation: 3}
`,
  },
  {
    name: "merge patch that changes nothing keeps the resourceVersion and the generation",
    given: MACHINE,
    talk: `
> PATCH $machines/$ns-a
+ content-type: application/merge-patch+json
? metadata.generation
{spec: {pxe: {image: i}}}
< 200
{metadata.generation: 1}
> PATCH $machines/$ns-a
+ content-type: application/merge-patch+json
? metadata.generation
{metadata: {resourceVersion: "$a"}, spec: {pxe: {image: j}}}
< 200
{metadata.generation: 2}
`,
  },
  {
    name: "merge patch with an old resourceVersion is a conflict",
    given: CONFIG_MAP,
    talk: `
> PATCH $cm/a
+ content-type: application/merge-patch+json
? data
{data: {k: x}}
< 200
{data: {k: x, l: w}}
> PATCH $cm/a
+ content-type: application/merge-patch+json
{metadata: {resourceVersion: "$a"}, data: {k: y}}
< 409
Failure:
  message: 'Operation cannot be fulfilled on configmaps "a": the object has been modified; please apply your changes to the latest version and try again'
  reason: Conflict
  details: {name: a, kind: configmaps}
`,
  },
  {
    name: "merge patch that is no object is refused",
    given: CONFIG_MAP,
    talk: `
> PATCH $cm/a
+ content-type: application/merge-patch+json
[1]
< 400
Failure:
  message: "error decoding patch: json: cannot unmarshal array into Go value of type map[string]interface {}"
  reason: BadRequest
> PATCH $cm/a
+ content-type: application/merge-patch+json
"text"
< 400
Failure:
  message: "error decoding patch: json: cannot unmarshal string into Go value of type map[string]interface {}"
  reason: BadRequest
> PATCH $cm/a
+ content-type: application/merge-patch+json
| {bad
< 400
Failure:
  message: "error decoding patch: invalid character 'b' looking for beginning of object key string"
  reason: BadRequest
`,
  },
  {
    name: "merge patch that breaks the schema is refused",
    given: MACHINE,
    talk: `
> PATCH $machines/$ns-a
+ content-type: application/merge-patch+json
{spec: {pxe: {image: 5}}}
< 422
Invalid: 'Machine.unbounded-cloud.io "$ns-a"'
causes:
  - "FieldValueInvalid <nil>: Invalid value: null: some validation rules were not checked because the object was invalid; correct the existing errors to complete validation"
  - 'FieldValueTypeInvalid spec.pxe.image: Invalid value: "integer": spec.pxe.image in body must be of type string: "integer"'
> PATCH $machines/$ns-a
+ content-type: application/merge-patch+json
{spec: {pxe: {image: null}}}
< 422
{Invalid: 'Machine.unbounded-cloud.io "$ns-a"', causes: ["FieldValueInvalid <nil>: Invalid value: null: some validation rules were not checked because the object was invalid; correct the existing errors to complete validation", "FieldValueRequired spec.pxe.image: Required value"]}
> PATCH $machines/$ns-a
+ content-type: application/merge-patch+json
{spec: null}
? spec metadata.generation
< 200
{metadata.generation: 2}
`,
  },
  {
    name: "merge patch cannot rename",
    given: CONFIG_MAP,
    talk: `
> PATCH $cm/a
+ content-type: application/merge-patch+json
{metadata: {name: b}}
< 400
{Failure: {message: the name of the object (b) does not match the name on the URL (a), reason: BadRequest}}
> PATCH $cm/a
+ content-type: application/merge-patch+json
{metadata: {namespace: other}}
< 400
Failure: {message: the namespace of the provided object does not match the namespace sent on the request, reason: BadRequest}
> PATCH $cm/a
+ content-type: application/merge-patch+json
{metadata: {uid: 11111111-1111-1111-1111-111111111111}}
< 422
Failure:
  message: 'ConfigMap "a" is invalid: metadata.uid: Invalid value: "$uid": field is immutable'
  reason: Invalid
  details:
    name: a
    kind: ConfigMap
    causes:
      - {reason: FieldValueInvalid, message: 'Invalid value: "$uid": field is immutable', field: metadata.uid}
      - {reason: FieldValueInvalid, message: 'Invalid value: "$uid": field is immutable', field: metadata.uid}
`,
  },
  {
    name: "patch of an object that is not there",
    talk: `
> PATCH $cm/none
+ content-type: application/merge-patch+json
{data: {k: v}}
< 404
{Failure: {message: 'configmaps "none" not found', reason: NotFound, details: {name: none, kind: configmaps}}}
> PATCH $cm/none
+ content-type: application/json-patch+json
[]
< 404
{Failure: {message: 'configmaps "none" not found', reason: NotFound, details: {name: none, kind: configmaps}}}
> PATCH $machines/$ns-none
+ content-type: application/merge-patch+json
{spec: {}}
< 404
Failure:
  message: 'machines.unbounded-cloud.io "$ns-none" not found'
  reason: NotFound
  details: {name: $ns-none, group: unbounded-cloud.io, kind: machines}
`,
  },
  {
    name: "JSON patch: all six operations",
    given: CONFIG_MAP,
    talk: `
> PATCH $cm/a
+ content-type: application/json-patch+json
? data metadata.labels
[{op: test, path: /data/k, value: v}, {op: add, path: /data/n, value: x}, {op: replace, path: /data/l, value: y}, {op: copy, from: /data/n, path: /data/o}, {op: move, from: /data/k, path: /data/p}, {op: remove, path: /metadata/labels/l}]
< 200
{data: {l: y, n: x, o: x, p: v}}
`,
  },
  {
    name: "JSON patch: a test that fails, a path that is not there",
    given: CONFIG_MAP,
    talk: `
> PATCH $cm/a
+ content-type: application/json-patch+json
[{op: test, path: /data/k, value: other}]
< 422
{Failure: {message: the server rejected our request due to an error in our request, reason: Invalid, details: {}}}
> PATCH $cm/a
+ content-type: application/json-patch+json
[{op: remove, path: /data/none}]
< 422
{Failure: {message: the server rejected our request due to an error in our request, reason: Invalid, details: {}}}
> PATCH $cm/a
+ content-type: application/json-patch+json
[{op: replace, path: /data/none, value: x}]
< 200
kind: ConfigMap
apiVersion: v1
metadata: {name: a, namespace: $ns, uid: $uid, resourceVersion: $rv, creationTimestamp: $time, labels: {l: v}}
data: {k: v, l: w, none: x}
> PATCH $cm/a
+ content-type: application/json-patch+json
[{op: add, path: /nope/none, value: x}]
< 422
{Failure: {message: the server rejected our request due to an error in our request, reason: Invalid, details: {}}}
`,
  },
  {
    name: "JSON patch: lists by index",
    given: MACHINE,
    talk: `
> PATCH $machines/$ns-a
+ content-type: application/json-patch+json
? spec
[{op: add, path: /spec/kubernetes, value: {bootstrapTokenRef: {name: t}, registerWithTaints: [a]}}, {op: add, path: /spec/kubernetes/registerWithTaints/-, value: b}, {op: add, path: /spec/kubernetes/registerWithTaints/0, value: c}, {op: remove, path: /spec/kubernetes/registerWithTaints/1}]
< 200
{spec: {kubernetes: {bootstrapTokenRef: {name: t}, registerWithTaints: [c, b]}, pxe: {image: i}}}
> PATCH $machines/$ns-a
+ content-type: application/json-patch+json
[{op: remove, path: /spec/kubernetes/registerWithTaints/7}]
< 422
{Failure: {message: the server rejected our request due to an error in our request, reason: Invalid, details: {}}}
`,
  },
  {
    name: "JSON patch: what is no patch",
    given: CONFIG_MAP,
    talk: `
> PATCH $cm/a
+ content-type: application/json-patch+json
{op: add}
< 400
Failure:
  message: "error decoding patch: json: cannot unmarshal object into Go value of type []handlers.jsonPatchOp"
  reason: BadRequest
> PATCH $cm/a
+ content-type: application/json-patch+json
[{op: nonsense, path: /data}]
< 422
{Failure: {message: the server rejected our request due to an error in our request, reason: Invalid, details: {}}}
> PATCH $cm/a
+ content-type: application/json-patch+json
[{op: add}]
< 422
{Failure: {message: the server rejected our request due to an error in our request, reason: Invalid, details: {}}}
> PATCH $cm/a
+ content-type: application/json-patch+json
| [
< 400
{Failure: {message: "error decoding patch: unexpected end of JSON input", reason: BadRequest}}
`,
  },
  {
    name: "strategic merge patch: maps merge",
    given: CONFIG_MAP,
    talk: `
> PATCH $cm/a
+ content-type: application/strategic-merge-patch+json
? data metadata.labels
{data: {k: null, m: n}, metadata: {labels: {new: x}}}
< 200
{data: {l: w, m: n}, metadata.labels: {l: v, new: x}}
`,
  },
  {
    name: "strategic merge patch: lists merge by key",
    talk: `
> POST /apis/apps/v1/namespaces/$ns/deployments
? metadata.name
{metadata: {name: a}, spec: {selector: {matchLabels: {app: a}}, template: {metadata: {labels: {app: a}}, spec: {containers: [{name: c, image: i, env: [{name: X, value: "1"}]}, {name: d, image: j}]}}}}
< 201
{metadata.name: a}
> PATCH /apis/apps/v1/namespaces/$ns/deployments/a
+ content-type: application/strategic-merge-patch+json
? spec.template.spec.containers[].name spec.template.spec.containers[].image spec.template.spec.containers[name=c].env
{spec: {template: {spec: {containers: [{name: c, image: k, env: [{name: Y, value: "2"}]}, {name: e, image: l}]}}}}
< 200
"spec.template.spec.containers[].name": [c, e, d]
"spec.template.spec.containers[].image": [k, l, j]
"spec.template.spec.containers[name=c].env": [{name: Y, value: "2"}, {name: X, value: "1"}]
`,
  },
  {
    name: "strategic merge patch: $patch delete and replace",
    talk: `
> POST /apis/apps/v1/namespaces/$ns/deployments
? metadata.name
{metadata: {name: a}, spec: {selector: {matchLabels: {app: a}}, template: {metadata: {labels: {app: a}}, spec: {containers: [{name: c, image: i, env: [{name: X, value: "1"}]}, {name: d, image: j}]}}}}
< 201
{metadata.name: a}
> PATCH /apis/apps/v1/namespaces/$ns/deployments/a
+ content-type: application/strategic-merge-patch+json
? spec.template.spec.containers[].name
{spec: {template: {spec: {containers: [{$patch: delete, name: c}]}}}}
< 200
{"spec.template.spec.containers[].name": [d]}
> PATCH /apis/apps/v1/namespaces/$ns/deployments/a
+ content-type: application/strategic-merge-patch+json
? spec.template.spec.containers[].name spec.template.spec.containers[].image
{spec: {template: {spec: {containers: [{$patch: replace}, {name: z, image: y}]}}}}
< 200
{"spec.template.spec.containers[].name": [z], "spec.template.spec.containers[].image": [y]}
`,
  },
  {
    name: "strategic merge patch: finalizers and ownerReferences",
    given: CONFIG_MAP,
    talk: `
> PATCH $cm/a
+ content-type: application/strategic-merge-patch+json
? metadata.finalizers metadata.ownerReferences
{metadata: {finalizers: [example.com/x], ownerReferences: [{apiVersion: v1, kind: ConfigMap, name: o, uid: 11111111-1111-1111-1111-111111111111}]}}
< 200
metadata.finalizers: [example.com/x]
metadata.ownerReferences: [{apiVersion: v1, kind: ConfigMap, name: o, uid: $uid}]
> PATCH $cm/a
+ content-type: application/strategic-merge-patch+json
? metadata.finalizers metadata.ownerReferences[].name
{metadata: {finalizers: [example.com/y], ownerReferences: [{apiVersion: v1, kind: ConfigMap, name: p, uid: 22222222-2222-2222-2222-222222222222}]}}
< 200
{metadata.finalizers: [example.com/y, example.com/x], "metadata.ownerReferences[].name": [p, o]}
> PATCH $cm/a
+ content-type: application/strategic-merge-patch+json
? metadata.finalizers
{metadata: {$deleteFromPrimitiveList/finalizers: [example.com/x]}}
< 200
{metadata.finalizers: [example.com/y]}
`,
  },
  {
    name: "strategic merge patch: deletes an element of a map list by its key",
    talk: `
> POST /api/v1/namespaces/$ns/services
? metadata.name
{metadata: {name: a}, spec: {clusterIP: None, ports: [{name: p, port: 80}, {name: q, port: 81}]}}
< 201
{metadata.name: a}
> PATCH /api/v1/namespaces/$ns/services/a
+ content-type: application/strategic-merge-patch+json
? spec.ports[].name spec.ports[].port
{spec: {ports: [{port: 80, $patch: delete}, {name: r, port: 82}]}}
< 200
{"spec.ports[].name": [r, q], "spec.ports[].port": [82, 81]}
`,
  },
  {
    name: "strategic merge patch is not for custom resources",
    given: MACHINE,
    talk: `
> PATCH $machines/$ns-a
+ content-type: application/strategic-merge-patch+json
{spec: {pxe: {image: j}}}
< 415
Failure:
  message: "the body of the request was in an unknown format - accepted media types include: application/json-patch+json, application/merge-patch+json, application/apply-patch+yaml"
  reason: UnsupportedMediaType
`,
  },
  {
    name: "patch of an unknown type is refused",
    given: CONFIG_MAP,
    talk: `
> PATCH $cm/a
+ content-type: text/plain
{data: {}}
< 415
{Failure: {message: "415: Unsupported Media Type", reason: UnsupportedMediaType, details: {}}}
> PATCH $cm/a
+ content-type: application/json
{data: {}}
< 415
{Failure: {message: "415: Unsupported Media Type", reason: UnsupportedMediaType, details: {}}}
`,
  },
  {
    name: "patch with fieldManager and force where they do not belong",
    given: CONFIG_MAP,
    talk: `
> PATCH $cm/a?force=true
+ content-type: application/merge-patch+json
{data: {}}
< 422
Invalid: 'PatchOptions.meta.k8s.io ""'
causes: ["FieldValueForbidden force: Forbidden: may not be specified for non-apply patch"]
`,
  },
];

/** Server-side apply: what it takes and what it refuses (Kubernetes documentation, Server-Side Apply). */
import type { Case } from "./conversation.ts";
import { CONFIG_MAP } from "./given.ts";

/** See the names. */
export const cases: readonly Case[] = [
  {
    name: "apply wants a fieldManager",
    talk: `
> PATCH $cm/a
+ content-type: application/apply-patch+yaml
{apiVersion: v1, kind: ConfigMap, metadata: {name: a}}
< 422
Invalid: 'PatchOptions.meta.k8s.io ""'
causes: ["FieldValueRequired fieldManager: Required value: is required for apply patch"]
`,
  },
  {
    name: "apply wants apiVersion, kind and the name of the path",
    talk: `
> PATCH $cm/a?fieldManager=m
+ content-type: application/apply-patch+yaml
{metadata: {name: a}}
< 400
{Failure: {message: "invalid object type: /, Kind=", reason: BadRequest}}
> PATCH $cm/a?fieldManager=m
+ content-type: application/apply-patch+yaml
{apiVersion: v1, kind: ConfigMap, metadata: {name: b}}
< 400
{Failure: {message: the name of the object (b) does not match the name on the URL (a), reason: BadRequest}}
> PATCH $cm/a?fieldManager=m
+ content-type: application/apply-patch+yaml
{apiVersion: v1, kind: Secret, metadata: {name: a}}
< 400
{Failure: {message: "invalid object type: /v1, Kind=Secret", reason: BadRequest}}
> PATCH $machines/$ns-a?fieldManager=m
+ content-type: application/apply-patch+yaml
{apiVersion: unbounded-cloud.io/v9, kind: Machine, metadata: {name: $ns-a}}
< 400
{Failure: {message: "invalid object type: unbounded-cloud.io/v9, Kind=Machine", reason: BadRequest}}
`,
  },
  {
    name: "apply with managedFields is refused",
    talk: `
> PATCH $cm/a?fieldManager=m
+ content-type: application/apply-patch+yaml
{apiVersion: v1, kind: ConfigMap, metadata: {name: a, managedFields: []}}
< 400
{Failure: {message: metadata.managedFields must be nil, reason: BadRequest}}
> PATCH $cm/a?fieldManager=m
+ content-type: application/apply-patch+yaml
{apiVersion: v1, kind: ConfigMap, metadata: {name: a, managedFields: [{manager: m, operation: Apply, apiVersion: v1}]}}
< 400
{Failure: {message: metadata.managedFields must be nil, reason: BadRequest}}
`,
  },
  {
    name: "apply with a resourceVersion",
    given: CONFIG_MAP,
    talk: `
> PATCH $cm/a?fieldManager=m&force=true
+ content-type: application/apply-patch+yaml
? data
{apiVersion: v1, kind: ConfigMap, metadata: {name: a, resourceVersion: "$a"}, data: {k: x}}
< 200
{data: {k: x, l: w}}
> PATCH $cm/a?fieldManager=m&force=true
+ content-type: application/apply-patch+yaml
{apiVersion: v1, kind: ConfigMap, metadata: {name: a, resourceVersion: "$a"}, data: {k: y}}
< 409
Failure:
  message: 'Operation cannot be fulfilled on configmaps "a": the object has been modified; please apply your changes to the latest version and try again'
  reason: Conflict
  details: {name: a, kind: configmaps}
> PATCH $cm/none?fieldManager=m
+ content-type: application/apply-patch+yaml
{apiVersion: v1, kind: ConfigMap, metadata: {name: none, resourceVersion: "1"}}
< 201
kind: ConfigMap
apiVersion: v1
metadata: {name: none, namespace: $ns, uid: $uid, resourceVersion: $rv, creationTimestamp: $time}
`,
  },
  {
    name: "apply of broken YAML",
    talk: `
> PATCH $cm/a?fieldManager=m
+ content-type: application/apply-patch+yaml
| a: [
< 400
Failure:
  message: "error decoding YAML: error converting YAML to JSON: yaml: line 1: did not find expected node content"
  reason: BadRequest
`,
  },
  {
    name: "apply of a text",
    talk: `
> PATCH $cm/a?fieldManager=m
+ content-type: application/apply-patch+yaml
| text
< 400
Failure:
  message: "error decoding YAML: error unmarshaling JSON: while decoding JSON: json: cannot unmarshal string into Go value of type map[string]interface {}"
  reason: BadRequest
`,
  },
  {
    name: "apply of a Machine does not write its status",
    talk: `
> PATCH $machines/$ns-a?fieldManager=m
+ content-type: application/apply-patch+yaml
? spec status metadata.managedFields[].fieldsV1
{apiVersion: unbounded-cloud.io/v1alpha3, kind: Machine, metadata: {name: $ns-a}, spec: {pxe: {image: i}}, status: {phase: Ready}}
< 201
{spec: {pxe: {image: i}}, "metadata.managedFields[].fieldsV1": [{"f:spec": {"f:pxe": {"f:image": {}}}}]}
`,
  },
  {
    name: "apply fills defaults in, which nobody owns",
    talk: `
> PATCH $machines/$ns-a?fieldManager=m
+ content-type: application/apply-patch+yaml
? spec metadata.managedFields[].fieldsV1
{apiVersion: unbounded-cloud.io/v1alpha3, kind: Machine, metadata: {name: $ns-a}, spec: {ssh: {host: h, privateKeyRef: {name: n, namespace: o}}}}
< 201
spec: {ssh: {host: h, privateKeyRef: {key: ssh-privatekey, name: n, namespace: o}, username: azureuser}}
"metadata.managedFields[].fieldsV1": [{"f:spec": {"f:ssh": {"f:host": {}, "f:privateKeyRef": {"f:name": {}, "f:namespace": {}}}}}]
`,
  },
  {
    name: "apply in YAML",
    talk: `
> PATCH $cm/a?fieldManager=m
+ content-type: application/apply-patch+yaml
? data
| apiVersion: v1
| kind: ConfigMap
| metadata:
|   name: a
| data:
|   k: |-
|     one
|     two
< 201
{data: {k: "one\\ntwo"}}
`,
  },
  {
    name: "apply breaks the schema",
    talk: `
> PATCH $machines/$ns-a?fieldManager=m
+ content-type: application/apply-patch+yaml
{apiVersion: unbounded-cloud.io/v1alpha3, kind: Machine, metadata: {name: $ns-a}, spec: {pxe: {}}}
< 422
{Invalid: 'Machine.unbounded-cloud.io "$ns-a"', causes: ["FieldValueInvalid <nil>: Invalid value: null: some validation rules were not checked because the object was invalid; correct the existing errors to complete validation", "FieldValueRequired spec.pxe.image: Required value"]}
> PATCH $machines/$ns-a?fieldManager=m
+ content-type: application/apply-patch+yaml
{apiVersion: unbounded-cloud.io/v1alpha3, kind: Machine, metadata: {name: $ns-a}, spec: {pxe: {image: 5}}}
< 500
Failure:
  message: "failed to create typed patch object (/$ns-a; unbounded-cloud.io/v1alpha3, Kind=Machine): .spec.pxe.image: expected string, got &value.valueUnstructured{Value:5}"
`,
  },
  {
    name: "apply of unknown fields is refused",
    talk: `
> PATCH $machines/$ns-a?fieldManager=m
+ content-type: application/apply-patch+yaml
{apiVersion: unbounded-cloud.io/v1alpha3, kind: Machine, metadata: {name: $ns-a}, spec: {pxe: {image: i, nope: 1}}}
< 500
Failure:
  message: "failed to create typed patch object (/$ns-a; unbounded-cloud.io/v1alpha3, Kind=Machine): .spec.pxe.nope: field not declared in schema"
> PATCH $machines/$ns-a?fieldManager=m
+ content-type: application/apply-patch+yaml
{apiVersion: unbounded-cloud.io/v1alpha3, kind: Machine, metadata: {name: $ns-a}, spec: {pxe: {image: i}}, more: 2}
< 500
Failure:
  message: "failed to create typed patch object (/$ns-a; unbounded-cloud.io/v1alpha3, Kind=Machine): .more: field not declared in schema"
> PATCH $cm/a?fieldManager=m
+ content-type: application/apply-patch+yaml
{apiVersion: v1, kind: ConfigMap, metadata: {name: a}, nope: {k: v}}
< 500
Failure: {message: "failed to create typed patch object (/a; /v1, Kind=ConfigMap): .nope: field not declared in schema"}
`,
  },
  {
    name: "a fieldManager that is too long or unprintable is refused",
    talk: `
> PATCH $cm/a?fieldManager=(m*129)
+ content-type: application/apply-patch+yaml
{apiVersion: v1, kind: ConfigMap, metadata: {name: a}}
< 422
Invalid: 'PatchOptions.meta.k8s.io ""'
causes: ["FieldValueTooLong fieldManager: Too long: may not be more than 128 bytes"]
`,
  },
  {
    name: "dry run of apply shows what would be",
    talk: `
> PATCH $cm/a?fieldManager=m&dryRun=All
+ content-type: application/apply-patch+yaml
? data
{apiVersion: v1, kind: ConfigMap, metadata: {name: a}, data: {k: v}}
< 201
{data: {k: v}}
> GET $cm/a
< 404
{Failure: {message: 'configmaps "a" not found', reason: NotFound, details: {name: a, kind: configmaps}}}
`,
  },
  {
    name: "managedFields emptied by an update are kept away",
    given: CONFIG_MAP,
    talk: `
> PATCH $cm/a
+ content-type: application/merge-patch+json
? metadata.managedFields
{metadata: {managedFields: [{}]}}
< 200
{}
`,
  },
];

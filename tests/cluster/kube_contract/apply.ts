/** Server-side apply: who owns what, conflicts and removal (Kubernetes documentation, Server-Side Apply). */
import type { Case } from "./conversation.ts";
import { MACHINE } from "./given.ts";

/** See the names. */
export const cases: readonly Case[] = [
  {
    name: "create, update and patches own what they write",
    talk: `
> POST $cm?fieldManager=one
? metadata.managedFields
{metadata: {name: a, labels: {x: y}}, data: {k: v}}
< 201
metadata.managedFields:
  - manager: one
    operation: Update
    apiVersion: v1
    time: $time
    fieldsType: FieldsV1
    fieldsV1: {"f:data": {".": {}, "f:k": {}}, "f:metadata": {"f:labels": {".": {}, "f:x": {}}}}
> PUT $cm/a?fieldManager=two
? metadata.managedFields
{metadata: {name: a, labels: {x: y}}, data: {k: v, l: w}}
< 200
metadata.managedFields:
  - manager: one
    operation: Update
    apiVersion: v1
    time: $time
    fieldsType: FieldsV1
    fieldsV1: {"f:data": {".": {}, "f:k": {}}, "f:metadata": {"f:labels": {".": {}, "f:x": {}}}}
  - manager: two
    operation: Update
    apiVersion: v1
    time: $time
    fieldsType: FieldsV1
    fieldsV1: {"f:data": {"f:l": {}}}
> PATCH $cm/a?fieldManager=three
+ content-type: application/merge-patch+json
? metadata.managedFields data
{data: {k: z}}
< 200
metadata.managedFields:
  - manager: one
    operation: Update
    apiVersion: v1
    time: $time
    fieldsType: FieldsV1
    fieldsV1: {"f:data": {}, "f:metadata": {"f:labels": {".": {}, "f:x": {}}}}
  - manager: three
    operation: Update
    apiVersion: v1
    time: $time
    fieldsType: FieldsV1
    fieldsV1: {"f:data": {"f:k": {}}}
  - manager: two
    operation: Update
    apiVersion: v1
    time: $time
    fieldsType: FieldsV1
    fieldsV1: {"f:data": {"f:l": {}}}
data: {k: z, l: w}
`,
  },
  {
    name: "without a fieldManager the user agent names it",
    talk: `
> POST $cm
+ user-agent: some-client/v1.2 (linux)
? metadata.managedFields
{metadata: {name: a}, data: {k: v}}
< 201
metadata.managedFields:
  - manager: some-client
    operation: Update
    apiVersion: v1
    time: $time
    fieldsType: FieldsV1
    fieldsV1: {"f:data": {".": {}, "f:k": {}}}
`,
  },
  {
    name: "apply creates",
    talk: `
> PATCH $cm/a?fieldManager=m
+ content-type: application/apply-patch+yaml
? metadata.managedFields data
{apiVersion: v1, kind: ConfigMap, metadata: {name: a, labels: {x: y}, annotations: {n: o}}, data: {k: v}}
< 201
metadata.managedFields:
  - manager: m
    operation: Apply
    apiVersion: v1
    time: $time
    fieldsType: FieldsV1
    fieldsV1: {"f:data": {"f:k": {}}, "f:metadata": {"f:annotations": {"f:n": {}}, "f:labels": {"f:x": {}}}}
data: {k: v}
`,
  },
  {
    name: "apply of a Machine owns lists as one value and maps by key",
    talk: `
> PATCH $machines/$ns-a?fieldManager=m
+ content-type: application/apply-patch+yaml
? metadata.managedFields spec metadata.generation
{apiVersion: unbounded-cloud.io/v1alpha3, kind: Machine, metadata: {name: $ns-a}, spec: {pxe: {image: i, dhcpLeases: [{ipv4: "10.0.0.1", mac: aa:bb:cc:dd:ee:01, subnetMask: 255.255.255.0, gateway: 10.0.0.254}]}, kubernetes: {bootstrapTokenRef: {name: t}, nodeLabels: {a: b}, registerWithTaints: [x]}}}
< 201
metadata.managedFields:
  - apiVersion: unbounded-cloud.io/v1alpha3
    fieldsType: FieldsV1
    fieldsV1:
      "f:spec":
        "f:kubernetes": {"f:bootstrapTokenRef": {"f:name": {}}, "f:nodeLabels": {"f:a": {}}, "f:registerWithTaints": {}}
        "f:pxe": {"f:dhcpLeases": {}, "f:image": {}}
    manager: m
    operation: Apply
    time: $time
spec:
  kubernetes: {bootstrapTokenRef: {name: t}, nodeLabels: {a: b}, registerWithTaints: [x]}
  pxe: {dhcpLeases: [{gateway: 10.0.0.254, ipv4: "10.0.0.1", mac: aa:bb:cc:dd:ee:01, subnetMask: 255.255.255.0}], image: i}
metadata.generation: 1
`,
  },
  {
    name: "apply twice the same changes nothing",
    talk: `
> PATCH $machines/$ns-a?fieldManager=m
+ content-type: application/apply-patch+yaml
$one metadata.resourceVersion
? metadata.generation
{apiVersion: unbounded-cloud.io/v1alpha3, kind: Machine, metadata: {name: $ns-a}, spec: {pxe: {image: i}}}
< 201
{metadata.generation: 1}
> PATCH $machines/$ns-a?fieldManager=m
+ content-type: application/apply-patch+yaml
? metadata.generation
{apiVersion: unbounded-cloud.io/v1alpha3, kind: Machine, metadata: {name: $ns-a}, spec: {pxe: {image: i}}}
< 200
{metadata.generation: 1}
> PATCH $machines/$ns-a
+ content-type: application/merge-patch+json
? metadata.generation
{metadata: {resourceVersion: "$one"}, spec: {pxe: {image: j}}}
< 200
{metadata.generation: 2}
`,
  },
  {
    name: "apply removes what its manager no longer names",
    talk: `
> PATCH $cm/a?fieldManager=m
+ content-type: application/apply-patch+yaml
? data
{apiVersion: v1, kind: ConfigMap, metadata: {name: a}, data: {k: v, l: w}}
< 201
{data: {k: v, l: w}}
> PATCH $cm/a?fieldManager=m
+ content-type: application/apply-patch+yaml
? data metadata.managedFields[].fieldsV1
{apiVersion: v1, kind: ConfigMap, metadata: {name: a}, data: {k: v}}
< 200
{data: {k: v}, "metadata.managedFields[].fieldsV1": [{"f:data": {"f:k": {}}}]}
`,
  },
  {
    name: "apply keeps what another manager has too",
    talk: `
> PATCH $cm/a?fieldManager=m
+ content-type: application/apply-patch+yaml
? data
{apiVersion: v1, kind: ConfigMap, metadata: {name: a}, data: {k: v, l: w}}
< 201
{data: {k: v, l: w}}
> PATCH $cm/a?fieldManager=n
+ content-type: application/apply-patch+yaml
? metadata.managedFields[].manager metadata.managedFields[].fieldsV1
{apiVersion: v1, kind: ConfigMap, metadata: {name: a}, data: {l: w}}
< 200
"metadata.managedFields[].manager": [m, n]
"metadata.managedFields[].fieldsV1": [{"f:data": {"f:k": {}, "f:l": {}}}, {"f:data": {"f:l": {}}}]
> PATCH $cm/a?fieldManager=m
+ content-type: application/apply-patch+yaml
? data metadata.managedFields[].manager metadata.managedFields[].fieldsV1
{apiVersion: v1, kind: ConfigMap, metadata: {name: a}, data: {k: v}}
< 200
data: {k: v, l: w}
"metadata.managedFields[].manager": [m, n]
"metadata.managedFields[].fieldsV1": [{"f:data": {"f:k": {}}}, {"f:data": {"f:l": {}}}]
`,
  },
  {
    name: "apply conflicts with another manager, and force takes over",
    talk: `
> PATCH $cm/a?fieldManager=m
+ content-type: application/apply-patch+yaml
? data
{apiVersion: v1, kind: ConfigMap, metadata: {name: a}, data: {k: v}}
< 201
{data: {k: v}}
> PATCH $cm/a?fieldManager=n
+ content-type: application/apply-patch+yaml
{apiVersion: v1, kind: ConfigMap, metadata: {name: a}, data: {k: w}}
< 409
Failure:
  message: 'Apply failed with 1 conflict: conflict with "m": .data.k'
  reason: Conflict
  details: {causes: [{reason: FieldManagerConflict, message: 'conflict with "m"', field: ".data.k"}]}
> PATCH $cm/a?fieldManager=n&force=true
+ content-type: application/apply-patch+yaml
? data metadata.managedFields[].manager metadata.managedFields[].fieldsV1
{apiVersion: v1, kind: ConfigMap, metadata: {name: a}, data: {k: w}}
< 200
{data: {k: w}, "metadata.managedFields[].manager": [n], "metadata.managedFields[].fieldsV1": [{"f:data": {"f:k": {}}}]}
`,
  },
  {
    name: "apply conflicts with an update by another client",
    given: MACHINE,
    talk: `
> PATCH $machines/$ns-a?fieldManager=m
+ content-type: application/apply-patch+yaml
{apiVersion: unbounded-cloud.io/v1alpha3, kind: Machine, metadata: {name: $ns-a}, spec: {pxe: {image: j}}}
< 409
Failure:
  message: 'Apply failed with 1 conflict: conflict with "Deno" using unbounded-cloud.io/v1alpha3: .spec.pxe.image'
  reason: Conflict
  details:
    causes:
      - reason: FieldManagerConflict
        message: 'conflict with "Deno" using unbounded-cloud.io/v1alpha3'
        field: ".spec.pxe.image"
`,
  },
  {
    name: "apply conflicts in several fields with several managers",
    talk: `
> POST $cm?fieldManager=one
? metadata.name
{metadata: {name: a, labels: {l: v}}, data: {k: v, l: w}}
< 201
{metadata.name: a}
> PATCH $cm/a?fieldManager=two
+ content-type: application/merge-patch+json
? data
{data: {l: x}}
< 200
{data: {k: v, l: x}}
> PATCH $cm/a?fieldManager=n
+ content-type: application/apply-patch+yaml
{apiVersion: v1, kind: ConfigMap, metadata: {name: a, labels: {l: u}}, data: {k: w, l: y}}
< 409
Failure:
  message: "Apply failed with 3 conflicts: conflicts with \\"one\\" using v1:\\n- .data.k\\n- .metadata.labels.l\\nconflicts with \\"two\\" using v1:\\n- .data.l"
  reason: Conflict
  details:
    causes:
      - {reason: FieldManagerConflict, message: 'conflict with "one" using v1', field: ".data.k"}
      - {reason: FieldManagerConflict, message: 'conflict with "two" using v1', field: ".data.l"}
      - {reason: FieldManagerConflict, message: 'conflict with "one" using v1', field: ".metadata.labels.l"}
`,
  },
  {
    name: "an update by another client takes fields from an applier",
    talk: `
> PATCH $cm/a?fieldManager=m
+ content-type: application/apply-patch+yaml
? data
{apiVersion: v1, kind: ConfigMap, metadata: {name: a}, data: {k: v, l: w}}
< 201
{data: {k: v, l: w}}
> PATCH $cm/a?fieldManager=other
+ content-type: application/merge-patch+json
? data metadata.managedFields[].manager metadata.managedFields[].fieldsV1
{data: {k: x}}
< 200
data: {k: x, l: w}
"metadata.managedFields[].manager": [m, other]
"metadata.managedFields[].fieldsV1": [{"f:data": {"f:l": {}}}, {"f:data": {"f:k": {}}}]
`,
  },
  {
    name: "apply with map lists: Deployments' containers by name",
    talk: `
> PATCH /apis/apps/v1/namespaces/$ns/deployments/a?fieldManager=m
+ content-type: application/apply-patch+yaml
? metadata.managedFields[].fieldsV1
{apiVersion: apps/v1, kind: Deployment, metadata: {name: a}, spec: {selector: {matchLabels: {app: a}}, template: {metadata: {labels: {app: a}}, spec: {containers: [{name: c, image: i, ports: [{containerPort: 80}]}]}}}}
< 201
"metadata.managedFields[].fieldsV1":
  - "f:spec":
      "f:selector": {}
      "f:template":
        "f:metadata": {"f:labels": {"f:app": {}}}
        "f:spec":
          "f:containers":
            'k:{"name":"c"}':
              ".": {}
              "f:image": {}
              "f:name": {}
              "f:ports": {'k:{"containerPort":80,"protocol":"TCP"}': {".": {}, "f:containerPort": {}}}
`,
  },
  {
    name: "apply with a set list: finalizers",
    talk: `
> PATCH $cm/a?fieldManager=m
+ content-type: application/apply-patch+yaml
? metadata.finalizers
{apiVersion: v1, kind: ConfigMap, metadata: {name: a, finalizers: [example.com/x]}}
< 201
{metadata.finalizers: [example.com/x]}
> PATCH $cm/a?fieldManager=n
+ content-type: application/apply-patch+yaml
? metadata.finalizers metadata.managedFields[].fieldsV1
{apiVersion: v1, kind: ConfigMap, metadata: {name: a, finalizers: [example.com/y]}}
< 200
metadata.finalizers: [example.com/x, example.com/y]
"metadata.managedFields[].fieldsV1":
  - {"f:metadata": {"f:finalizers": {'v:"example.com/x"': {}}}}
  - {"f:metadata": {"f:finalizers": {'v:"example.com/y"': {}}}}
> PATCH $cm/a?fieldManager=m
+ content-type: application/apply-patch+yaml
? metadata.finalizers
{apiVersion: v1, kind: ConfigMap, metadata: {name: a}}
< 200
{metadata.finalizers: [example.com/y]}
`,
  },
];

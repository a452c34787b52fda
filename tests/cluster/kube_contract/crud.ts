/** Create, read, update and delete, as for every kind. */
import type { Case } from "./conversation.ts";

/** See the names. */
export const cases: readonly Case[] = [
  {
    name: "ConfigMap: create, get, update, delete",
    talk: `
> POST $cm
{metadata: {name: a, labels: {l: v}}, data: {k: v}}
< 201
kind: ConfigMap
apiVersion: v1
metadata: {name: a, namespace: $ns, uid: $uid, resourceVersion: $rv, creationTimestamp: $time, labels: {l: v}}
data: {k: v}
> GET $cm/a
$a metadata.resourceVersion
< 200
kind: ConfigMap
apiVersion: v1
metadata: {name: a, namespace: $ns, uid: $uid, resourceVersion: $rv, creationTimestamp: $time, labels: {l: v}}
data: {k: v}
> PUT $cm/a
{metadata: {name: a, resourceVersion: "$a"}, data: {k: w}}
< 200
kind: ConfigMap
apiVersion: v1
metadata: {name: a, namespace: $ns, uid: $uid, resourceVersion: $rv, creationTimestamp: $time}
data: {k: w}
> PUT $cm/a
{metadata: {name: a, resourceVersion: "$a"}, data: {k: x}}
< 409
Failure:
  message: 'Operation cannot be fulfilled on configmaps "a": the object has been modified; please apply your changes to the latest version and try again'
  reason: Conflict
  details: {name: a, kind: configmaps}
> DELETE $cm/a
< 200
{kind: Status, apiVersion: v1, metadata: {}, status: Success, details: {name: a, kind: configmaps, uid: $uid}}
> DELETE $cm/a
< 404
{Failure: {message: 'configmaps "a" not found', reason: NotFound, details: {name: a, kind: configmaps}}}
> GET $cm/a
< 404
{Failure: {message: 'configmaps "a" not found', reason: NotFound, details: {name: a, kind: configmaps}}}
`,
  },
  {
    name: "a second create of the same name is refused",
    talk: `
> POST $cm
? metadata.name
{metadata: {name: a}}
< 201
{metadata.name: a}
> POST $cm
{metadata: {name: a}}
< 409
{Failure: {message: 'configmaps "a" already exists', reason: AlreadyExists, details: {name: a, kind: configmaps}}}
`,
  },
  {
    name: "a second create of a Machine of the same name is refused",
    talk: `
> POST $machines
? metadata.name
{apiVersion: unbounded-cloud.io/v1alpha3, kind: Machine, metadata: {name: $ns-a}}
< 201
{metadata.name: $ns-a}
> POST $machines
{apiVersion: unbounded-cloud.io/v1alpha3, kind: Machine, metadata: {name: $ns-a}}
< 409
Failure:
  message: 'machines.unbounded-cloud.io "$ns-a" already exists'
  reason: AlreadyExists
  details: {name: $ns-a, group: unbounded-cloud.io, kind: machines}
`,
  },
  {
    name: "Machine: create, get, delete",
    talk: `
> POST $machines
{apiVersion: unbounded-cloud.io/v1alpha3, kind: Machine, metadata: {name: $ns-a}, spec: {pxe: {image: i}}}
< 201
apiVersion: unbounded-cloud.io/v1alpha3
kind: Machine
metadata: {creationTimestamp: $time, generation: 1, name: $ns-a, resourceVersion: $rv, uid: $uid}
spec: {pxe: {image: i}}
> GET $machines/$ns-a
< 200
apiVersion: unbounded-cloud.io/v1alpha3
kind: Machine
metadata: {creationTimestamp: $time, generation: 1, name: $ns-a, resourceVersion: $rv, uid: $uid}
spec: {pxe: {image: i}}
> DELETE $machines/$ns-a
< 200
kind: Status
apiVersion: v1
metadata: {}
status: Success
details: {name: $ns-a, group: unbounded-cloud.io, kind: machines, uid: $uid}
> GET $machines/$ns-a
< 404
Failure:
  message: 'machines.unbounded-cloud.io "$ns-a" not found'
  reason: NotFound
  details: {name: $ns-a, group: unbounded-cloud.io, kind: machines}
`,
  },
  {
    name: "Machine: update keeps uid and creationTimestamp and counts the generation",
    talk: `
> POST $machines
$a metadata.resourceVersion
? metadata.generation
{apiVersion: unbounded-cloud.io/v1alpha3, kind: Machine, metadata: {name: $ns-a}, spec: {pxe: {image: i}}}
< 201
{metadata.generation: 1}
> PUT $machines/$ns-a
{apiVersion: unbounded-cloud.io/v1alpha3, kind: Machine, metadata: {name: $ns-a, resourceVersion: "$a"}, spec: {pxe: {image: j}}}
< 200
apiVersion: unbounded-cloud.io/v1alpha3
kind: Machine
metadata: {creationTimestamp: $time, generation: 2, name: $ns-a, resourceVersion: $rv, uid: $uid}
spec: {pxe: {image: j}}
`,
  },
  {
    name: "Machine: update without a resourceVersion is refused",
    talk: `
> POST $machines
? metadata.generation
{apiVersion: unbounded-cloud.io/v1alpha3, kind: Machine, metadata: {name: $ns-a}}
< 201
{metadata.generation: 1}
> PUT $machines/$ns-a
{apiVersion: unbounded-cloud.io/v1alpha3, kind: Machine, metadata: {name: $ns-a}}
< 422
Failure:
  message: 'machines.unbounded-cloud.io "$ns-a" is invalid: metadata.resourceVersion: Invalid value: $rv: must be specified for an update'
  reason: Invalid
  details:
    name: $ns-a
    group: unbounded-cloud.io
    kind: machines
    causes:
      - reason: FieldValueInvalid
        message: "Invalid value: 0: must be specified for an update"
        field: metadata.resourceVersion
`,
  },
  {
    name: "ConfigMap: update without a resourceVersion overwrites",
    talk: `
> POST $cm
? metadata.name
{metadata: {name: a}, data: {k: v}}
< 201
{metadata.name: a}
> PUT $cm/a
{metadata: {name: a}, data: {k: w}}
< 200
kind: ConfigMap
apiVersion: v1
metadata: {name: a, namespace: $ns, uid: $uid, resourceVersion: $rv, creationTimestamp: $time}
data: {k: w}
`,
  },
  {
    name: "an update that changes nothing keeps the resourceVersion",
    talk: `
> POST $machines
$a metadata.resourceVersion
? metadata.generation
{apiVersion: unbounded-cloud.io/v1alpha3, kind: Machine, metadata: {name: $ns-a}, spec: {agent: {image: x}}}
< 201
{metadata.generation: 1}
> PUT $machines/$ns-a
? metadata.generation
{apiVersion: unbounded-cloud.io/v1alpha3, kind: Machine, metadata: {name: $ns-a, resourceVersion: "$a"}, spec: {agent: {image: x}}}
< 200
{metadata.generation: 1}
> PUT $machines/$ns-a
? metadata.generation
{apiVersion: unbounded-cloud.io/v1alpha3, kind: Machine, metadata: {name: $ns-a, resourceVersion: "$a"}, spec: {agent: {image: y}}}
< 200
{metadata.generation: 2}
`,
  },
  {
    name: "update creates a Lease that is not there",
    talk: `
> PUT /apis/coordination.k8s.io/v1/namespaces/$ns/leases/a
{metadata: {name: a}, spec: {holderIdentity: h}}
< 201
kind: Lease
apiVersion: coordination.k8s.io/v1
metadata: {name: a, namespace: $ns, uid: $uid, resourceVersion: $rv, creationTimestamp: $time}
spec: {holderIdentity: h}
`,
  },
  {
    name: "update of a Lease with an old resourceVersion is a conflict",
    talk: `
> POST /apis/coordination.k8s.io/v1/namespaces/$ns/leases
$r metadata.resourceVersion
? spec
{metadata: {name: a}, spec: {holderIdentity: one, leaseDurationSeconds: 15}}
< 201
{spec: {holderIdentity: one, leaseDurationSeconds: 15}}
> PUT /apis/coordination.k8s.io/v1/namespaces/$ns/leases/a
? spec
{metadata: {name: a, resourceVersion: "$r"}, spec: {holderIdentity: two, leaseDurationSeconds: 15}}
< 200
{spec: {holderIdentity: two, leaseDurationSeconds: 15}}
> PUT /apis/coordination.k8s.io/v1/namespaces/$ns/leases/a
{metadata: {name: a, resourceVersion: "$r"}, spec: {holderIdentity: three, leaseDurationSeconds: 15}}
< 409
Failure:
  message: 'Operation cannot be fulfilled on leases.coordination.k8s.io "a": the object has been modified; please apply your changes to the latest version and try again'
  reason: Conflict
  details: {name: a, group: coordination.k8s.io, kind: leases}
`,
  },
  {
    name: "update with a resourceVersion that is no number",
    talk: `
> POST $cm
? metadata.name
{metadata: {name: a}}
< 201
{metadata.name: a}
> PUT $cm/a
{metadata: {name: a, resourceVersion: x}}
< 500
{Failure: {message: 'strconv.ParseUint: parsing "x": invalid syntax'}}
> PUT $cm/a
? data
{metadata: {name: a, resourceVersion: "0"}, data: {k: v}}
< 200
{data: {k: v}}
`,
  },
  {
    name: "update of a Machine leaves its status alone",
    talk: `
> POST $machines
$a metadata.resourceVersion
? metadata.generation
{apiVersion: unbounded-cloud.io/v1alpha3, kind: Machine, metadata: {name: $ns-a}}
< 201
{metadata.generation: 1}
> PUT $machines/$ns-a
? metadata.generation spec status metadata.resourceVersion
{apiVersion: unbounded-cloud.io/v1alpha3, kind: Machine, metadata: {name: $ns-a, resourceVersion: "$a"}, status: {phase: Ready}}
< 200
{metadata.generation: 1, metadata.resourceVersion: $rv}
`,
  },
  {
    name: "update of a ConfigMap that is not there is refused",
    talk: `
> PUT $cm/a
{metadata: {name: a}}
< 404
{Failure: {message: 'configmaps "a" not found', reason: NotFound, details: {name: a, kind: configmaps}}}
`,
  },
  {
    name: "update of a Machine that is not there is refused",
    talk: `
> PUT $machines/$ns-a
{apiVersion: unbounded-cloud.io/v1alpha3, kind: Machine, metadata: {name: $ns-a}}
< 404
Failure:
  message: 'machines.unbounded-cloud.io "$ns-a" not found'
  reason: NotFound
  details: {name: $ns-a, group: unbounded-cloud.io, kind: machines}
> PUT $machines/$ns-a
{apiVersion: unbounded-cloud.io/v1alpha3, kind: Machine, metadata: {name: $ns-a, resourceVersion: "1"}}
< 404
Failure:
  message: 'machines.unbounded-cloud.io "$ns-a" not found'
  reason: NotFound
  details: {name: $ns-a, group: unbounded-cloud.io, kind: machines}
`,
  },
];

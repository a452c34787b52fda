/** Deletion: preconditions, finalizers, propagation, dry run. */
import type { Case } from "./conversation.ts";
import { CONFIG_MAP } from "./given.ts";

/** See the names. */
export const cases: readonly Case[] = [
  {
    name: "preconditions that hold",
    given: CONFIG_MAP,
    talk: `
> DELETE $cm/a
? status
{apiVersion: v1, kind: DeleteOptions, preconditions: {uid: $uid, resourceVersion: "$a"}}
< 200
{status: Success}
`,
  },
  {
    name: "preconditions that do not hold",
    given: CONFIG_MAP,
    talk: `
> DELETE $cm/a
{apiVersion: v1, kind: DeleteOptions, preconditions: {uid: 11111111-1111-1111-1111-111111111111}}
< 409
Failure:
  message: 'Operation cannot be fulfilled on ConfigMap "a": the UID in the precondition ($uid) does not match the UID in record ($uid). The object might have been deleted and then recreated'
  reason: Conflict
  details: {name: a, kind: ConfigMap}
> DELETE $cm/a
{apiVersion: v1, kind: DeleteOptions, preconditions: {resourceVersion: "1"}}
< 409
Failure:
  message: 'Operation cannot be fulfilled on ConfigMap "a": the ResourceVersion in the precondition ($rv) does not match the ResourceVersion in record ($rv). The object might have been modified'
  reason: Conflict
  details: {name: a, kind: ConfigMap}
> GET $cm/a
? data
< 200
{data: {k: v, l: w}}
`,
  },
  {
    name: "finalizers hold a deletion until they are gone",
    talk: `
> POST $cm
$r metadata.resourceVersion
? metadata.finalizers
{metadata: {name: a, finalizers: [example.com/x]}, data: {k: v}}
< 201
{metadata.finalizers: [example.com/x]}
> DELETE $cm/a
< 200
kind: ConfigMap
apiVersion: v1
metadata:
  name: a
  namespace: $ns
  uid: $uid
  resourceVersion: $rv
  creationTimestamp: $time
  deletionTimestamp: $time
  deletionGracePeriodSeconds: 0
  finalizers: [example.com/x]
data: {k: v}
> GET $cm/a
? metadata.deletionTimestamp metadata.deletionGracePeriodSeconds metadata.finalizers
< 200
{metadata.deletionTimestamp: $time, metadata.deletionGracePeriodSeconds: 0, metadata.finalizers: [example.com/x]}
> DELETE $cm/a
? metadata.deletionTimestamp
< 200
{metadata.deletionTimestamp: $time}
> PATCH $cm/a
+ content-type: application/merge-patch+json
? metadata.finalizers metadata.deletionTimestamp
{metadata: {finalizers: null}}
< 200
{metadata.deletionTimestamp: $time}
> GET $cm/a
< 404
{Failure: {message: 'configmaps "a" not found', reason: NotFound, details: {name: a, kind: configmaps}}}
> OPEN w $cm?watch=1&resourceVersion=$r
< 200
> READ w 2
? type object.metadata.deletionTimestamp object.metadata.finalizers
< events
- {type: MODIFIED, object.metadata.deletionTimestamp: $time, object.metadata.finalizers: [example.com/x]}
- {type: DELETED, object.metadata.deletionTimestamp: $time, object.metadata.finalizers: [example.com/x]}
`,
  },
  {
    name: "finalizers of a Machine: the generation counts the deletion",
    talk: `
> POST $machines
? metadata.generation
{apiVersion: unbounded-cloud.io/v1alpha3, kind: Machine, metadata: {name: $ns-a, finalizers: [example.com/x]}, spec: {pxe: {image: i}}}
< 201
{metadata.generation: 1}
> DELETE $machines/$ns-a
< 200
apiVersion: unbounded-cloud.io/v1alpha3
kind: Machine
metadata:
  creationTimestamp: $time
  deletionGracePeriodSeconds: 0
  deletionTimestamp: $time
  finalizers: [example.com/x]
  generation: 2
  name: $ns-a
  resourceVersion: $rv
  uid: $uid
spec: {pxe: {image: i}}
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
> PATCH $machines/$ns-a
+ content-type: application/json-patch+json
? metadata.name
[{op: remove, path: /metadata/finalizers}]
< 200
{metadata.name: $ns-a}
> GET $machines/$ns-a
< 404
Failure:
  message: 'machines.unbounded-cloud.io "$ns-a" not found'
  reason: NotFound
  details: {name: $ns-a, group: unbounded-cloud.io, kind: machines}
`,
  },
  {
    name: "no finalizers may be added to what is being deleted",
    talk: `
> POST $cm
? metadata.name
{metadata: {name: a, finalizers: [example.com/x]}}
< 201
{metadata.name: a}
> DELETE $cm/a
? metadata.name
< 200
{metadata.name: a}
> PATCH $cm/a
+ content-type: application/merge-patch+json
{metadata: {finalizers: [example.com/x, example.com/y]}}
< 422
Failure:
  message: 'ConfigMap "a" is invalid: metadata.finalizers: Forbidden: no new finalizers can be added if the object is being deleted, found new finalizers []string{"example.com/y"}'
  reason: Invalid
  details:
    name: a
    kind: ConfigMap
    causes:
      - reason: FieldValueForbidden
        message: 'Forbidden: no new finalizers can be added if the object is being deleted, found new finalizers []string{"example.com/y"}'
        field: metadata.finalizers
      - reason: FieldValueForbidden
        message: 'Forbidden: no new finalizers can be added if the object is being deleted, found new finalizers []string{"example.com/y"}'
        field: metadata.finalizers
`,
  },
  {
    name: "finalizers must be qualified names",
    talk: `
> POST $cm
{metadata: {name: a, finalizers: [x]}}
< 422
Invalid: 'ConfigMap "a"'
causes:
  - 'FieldValueInvalid metadata.finalizers[0]: Invalid value: "x": name is neither a standard finalizer name nor is it fully qualified'
> POST $machines
{apiVersion: unbounded-cloud.io/v1alpha3, kind: Machine, metadata: {name: $ns-a, finalizers: [x]}}
< 201
! warning: 299 - "metadata.finalizers: \\"x\\": prefer a domain-qualified finalizer name to avoid accidental conflicts with other finalizer writers"
apiVersion: unbounded-cloud.io/v1alpha3
kind: Machine
metadata: {creationTimestamp: $time, finalizers: [x], generation: 1, name: $ns-a, resourceVersion: $rv, uid: $uid}
`,
  },
  {
    name: "propagationPolicy Foreground leaves a finalizer to the garbage collector",
    given: CONFIG_MAP,
    talk: `
> DELETE $cm/a?propagationPolicy=Foreground
? metadata.finalizers
< 200
{metadata.finalizers: [foregroundDeletion]}
`,
  },
  {
    name: "propagationPolicy Background, and one that is not known",
    given: CONFIG_MAP,
    talk: `
> DELETE $cm/a?propagationPolicy=Nonsense
< 422
Invalid: 'DeleteOptions.meta.k8s.io ""'
causes:
  - 'FieldValueNotSupported propagationPolicy: Unsupported value: "Nonsense": supported values: "Foreground", "Background", "Orphan", "nil"'
> DELETE $cm/a
? status
{apiVersion: v1, kind: DeleteOptions, propagationPolicy: Background}
< 200
{status: Success}
`,
  },
  {
    name: "gracePeriodSeconds is for Pods",
    given: CONFIG_MAP,
    talk: `
> DELETE $cm/a?gracePeriodSeconds=30
? status
< 200
{status: Success}
`,
  },
  {
    name: "delete options of a wrong kind",
    given: CONFIG_MAP,
    talk: `
> DELETE $cm/a
{apiVersion: v1, kind: ConfigMap}
< 400
Failure:
  message: 'no kind "ConfigMap" is registered for version "v1" in scheme "pkg/runtime/scheme.go:111"'
  reason: BadRequest
> DELETE $cm/a
| {bad
< 400
Failure:
  message: "couldn't get version/kind; json parse error: invalid character 'b' looking for beginning of object key string"
  reason: BadRequest
`,
  },
  {
    name: "deletion of a namespace deletes what is in it",
    talk: `
> POST /api/v1/namespaces
? metadata.name
{metadata: {name: $ns-x}}
< 201
{metadata.name: $ns-x}
> DELETE /api/v1/namespaces/$ns-x
< 200
kind: Namespace
apiVersion: v1
metadata:
  name: $ns-x
  uid: $uid
  resourceVersion: $rv
  creationTimestamp: $time
  deletionTimestamp: $time
  labels: {kubernetes.io/metadata.name: $ns-x}
spec: {finalizers: [kubernetes]}
status: {phase: Terminating}
`,
  },
  {
    name: "dry run of create, update and delete changes nothing",
    given: CONFIG_MAP,
    talk: `
> POST $cm?dryRun=All
? metadata.name data
{metadata: {name: b}, data: {k: v}}
< 201
{metadata.name: b, data: {k: v}}
> GET $cm/b
< 404
{Failure: {message: 'configmaps "b" not found', reason: NotFound, details: {name: b, kind: configmaps}}}
> PUT $cm/a?dryRun=All
? data
{metadata: {name: a}, data: {k: other}}
< 200
{data: {k: other}}
> DELETE $cm/a?dryRun=All
? status
< 200
{status: Success}
> GET $cm/a
? data
< 200
{data: {k: v, l: w}}
`,
  },
  {
    name: "dry run of another value is refused",
    talk: `
> POST $cm?dryRun=Some
{metadata: {name: b}}
< 422
Invalid: 'CreateOptions.meta.k8s.io ""'
causes: ['FieldValueNotSupported dryRun: Unsupported value: ["Some"]: supported values: "All"']
`,
  },
];

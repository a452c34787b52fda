/** The status subresource and metadata.generation (Kubernetes documentation, Custom Resources, Subresources). */
import type { Case } from "./conversation.ts";
import { CONFIG_MAP, MACHINE } from "./given.ts";

/** See the names. */
export const cases: readonly Case[] = [
  {
    name: "status is dropped on create",
    talk: `
> POST $machines
{apiVersion: unbounded-cloud.io/v1alpha3, kind: Machine, metadata: {name: $ns-b}, status: {phase: Ready}}
< 201
apiVersion: unbounded-cloud.io/v1alpha3
kind: Machine
metadata: {creationTimestamp: $time, generation: 1, name: $ns-b, resourceVersion: $rv, uid: $uid}
`,
  },
  {
    name: "status is written through its subresource alone, which writes nothing else",
    given: MACHINE,
    talk: `
> PATCH $machines/$ns-a/status
+ content-type: application/merge-patch+json
{metadata: {labels: {x: y}}, spec: {pxe: {image: other}}, status: {phase: Ready}}
< 200
apiVersion: unbounded-cloud.io/v1alpha3
kind: Machine
metadata: {creationTimestamp: $time, generation: 1, name: $ns-a, resourceVersion: $rv, uid: $uid}
spec: {pxe: {image: i}}
status: {phase: Ready}
> PATCH $machines/$ns-a
+ content-type: application/merge-patch+json
? status spec metadata.labels metadata.generation
{metadata: {labels: {x: y}}, spec: {pxe: {image: j}}, status: {phase: Failed}}
< 200
{status: {phase: Ready}, spec: {pxe: {image: j}}, metadata.labels: {x: y}, metadata.generation: 2}
`,
  },
  {
    name: "update of the status subresource",
    given: MACHINE,
    talk: `
> PUT $machines/$ns-a/status
? status spec metadata.generation
{apiVersion: unbounded-cloud.io/v1alpha3, kind: Machine, metadata: {name: $ns-a, resourceVersion: "$a"}, status: {message: m}}
< 200
{status: {message: m}, spec: {pxe: {image: i}}, metadata.generation: 1}
> GET $machines/$ns-a/status
? status spec metadata.generation
< 200
{status: {message: m}, spec: {pxe: {image: i}}, metadata.generation: 1}
> PUT $machines/$ns-a/status
{apiVersion: unbounded-cloud.io/v1alpha3, kind: Machine, metadata: {name: $ns-a, resourceVersion: "$a"}, status: {message: n}}
< 409
Failure:
  message: 'Operation cannot be fulfilled on machines.unbounded-cloud.io "$ns-a": the object has been modified; please apply your changes to the latest version and try again'
  reason: Conflict
  details: {name: $ns-a, group: unbounded-cloud.io, kind: machines}
`,
  },
  {
    name: "status is validated",
    given: MACHINE,
    talk: `
> PATCH $machines/$ns-a/status
+ content-type: application/merge-patch+json
{status: {phase: Nonsense}}
< 422
Invalid: 'Machine.unbounded-cloud.io "$ns-a"'
causes:
  - "FieldValueInvalid <nil>: Invalid value: null: some validation rules were not checked because the object was invalid; correct the existing errors to complete validation"
  - 'FieldValueNotSupported status.phase: Unsupported value: "Nonsense": supported values: "Pending", "Rebooting", "Provisioning", "Joining", "Ready", "Failed"'
> PATCH $machines/$ns-a/status
+ content-type: application/merge-patch+json
{status: {conditions: [{type: A}]}}
< 422
Invalid: 'Machine.unbounded-cloud.io "$ns-a"'
causes:
  - "FieldValueInvalid <nil>: Invalid value: null: some validation rules were not checked because the object was invalid; correct the existing errors to complete validation"
  - "FieldValueRequired status.conditions[0].lastTransitionTime: Required value"
  - "FieldValueRequired status.conditions[0].message: Required value"
  - "FieldValueRequired status.conditions[0].reason: Required value"
  - "FieldValueRequired status.conditions[0].status: Required value"
> PATCH $machines/$ns-a/status
+ content-type: application/merge-patch+json
{status: {conditions: [{type: A, status: "True", reason: "", message: m, lastTransitionTime: yesterday}]}}
< 422
Invalid: 'Machine.unbounded-cloud.io "$ns-a"'
causes:
  - "FieldValueInvalid <nil>: Invalid value: null: some validation rules were not checked because the object was invalid; correct the existing errors to complete validation"
  - 'FieldValueInvalid status.conditions[0].reason: Invalid value: "": conditions[0].reason in body should be at least 1 chars long'
  - 'FieldValueTypeInvalid status.conditions[0].lastTransitionTime: Invalid value: "yesterday": conditions[0].lastTransitionTime in body must be of type date-time: "yesterday"'
> PATCH $machines/$ns-a/status
+ content-type: application/merge-patch+json
{status: {conditions: [{type: A, status: "True", reason: R, message: m, lastTransitionTime: "2024-05-01T10:00:00Z"}, {type: A, status: "False", reason: R, message: m, lastTransitionTime: "2024-05-01T10:00:00Z"}]}}
< 422
Invalid: 'Machine.unbounded-cloud.io "$ns-a"'
causes: ['FieldValueDuplicate status.conditions[1]: Duplicate value: {"type":"A"}']
`,
  },
  {
    name: "status of a kind without one is not found",
    given: CONFIG_MAP,
    talk: `
> GET $cm/a/status
< 404
{Failure: {message: the server could not find the requested resource, reason: NotFound, details: {}}}
> PATCH $cm/a/status
+ content-type: application/merge-patch+json
{data: {}}
< 404
{Failure: {message: the server could not find the requested resource, reason: NotFound, details: {}}}
`,
  },
  {
    name: "a change of labels does not count the generation",
    given: MACHINE,
    talk: `
> PATCH $machines/$ns-a
+ content-type: application/merge-patch+json
? metadata.generation metadata.labels
{metadata: {labels: {x: y}}}
< 200
{metadata.generation: 1, metadata.labels: {x: y}}
`,
  },
  {
    name: "an apply to the status keeps managers of status apart",
    given: MACHINE,
    talk: `
> PATCH $machines/$ns-a/status?fieldManager=reporter
+ content-type: application/apply-patch+yaml
? status metadata.managedFields[].manager metadata.managedFields[].operation metadata.managedFields[].subresource metadata.managedFields[].fieldsV1
{apiVersion: unbounded-cloud.io/v1alpha3, kind: Machine, metadata: {name: $ns-a}, status: {phase: Ready, conditions: [{type: A, status: "True", reason: R, message: m, lastTransitionTime: "2024-05-01T10:00:00Z"}]}}
< 200
status:
  conditions: [{lastTransitionTime: "2024-05-01T10:00:00Z", message: m, reason: R, status: "True", type: A}]
  phase: Ready
"metadata.managedFields[].manager": [reporter, Deno]
"metadata.managedFields[].operation": [Apply, Update]
"metadata.managedFields[].subresource": [status, null]
"metadata.managedFields[].fieldsV1":
  - "f:status":
      "f:conditions":
        'k:{"type":"A"}': {".": {}, "f:lastTransitionTime": {}, "f:message": {}, "f:reason": {}, "f:status": {}, "f:type": {}}
      "f:phase": {}
  - {"f:spec": {".": {}, "f:pxe": {".": {}, "f:image": {}}}}
> PATCH $machines/$ns-a/status?fieldManager=other
+ content-type: application/apply-patch+yaml
? status
{apiVersion: unbounded-cloud.io/v1alpha3, kind: Machine, metadata: {name: $ns-a}, status: {conditions: [{type: B, status: "True", reason: R, message: m, lastTransitionTime: "2024-05-01T10:00:00Z"}]}}
< 200
status:
  conditions:
    - {lastTransitionTime: "2024-05-01T10:00:00Z", message: m, reason: R, status: "True", type: A}
    - {lastTransitionTime: "2024-05-01T10:00:00Z", message: m, reason: R, status: "True", type: B}
  phase: Ready
`,
  },
];

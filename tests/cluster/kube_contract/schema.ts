/** Schemas of custom resources: validation, defaults, pruning and strict fields (Kubernetes documentation, CustomResourceDefinitions). */
import type { Case } from "./conversation.ts";
import { MACHINE } from "./given.ts";

/** See the names. */
export const cases: readonly Case[] = [
  {
    name: "defaults are filled in",
    talk: `
> POST $machines
? spec
{apiVersion: unbounded-cloud.io/v1alpha3, kind: Machine, metadata: {name: $ns-a}, spec: {ssh: {host: h, privateKeyRef: {name: n, namespace: o}}, pxe: {image: i, redfish: {url: "https://u", username: v, passwordRef: {name: n, namespace: o}}, cloudInit: {userDataConfigMapRef: {name: n, namespace: o}}}}}
< 201
spec:
  pxe:
    cloudInit: {userDataConfigMapRef: {key: user-data, name: n, namespace: o}}
    image: i
    redfish: {deviceID: "1", passwordRef: {key: ssh-privatekey, name: n, namespace: o}, url: "https://u", username: v}
  ssh: {host: h, privateKeyRef: {key: ssh-privatekey, name: n, namespace: o}, username: azureuser}
`,
  },
  {
    name: "unknown fields are pruned, and warned of",
    talk: `
> POST $machines
? spec third
{apiVersion: unbounded-cloud.io/v1alpha3, kind: Machine, metadata: {name: $ns-a}, spec: {pxe: {image: i, nope: 1}, other: 2}, third: 3}
< 201
! warning: 299 - "unknown field \\"spec.other\\"", 299 - "unknown field \\"spec.pxe.nope\\"", 299 - "unknown field \\"third\\""
{spec: {pxe: {image: i}}}
`,
  },
  {
    name: "fieldValidation=Strict refuses unknown fields",
    talk: `
> POST $machines?fieldValidation=Strict
{apiVersion: unbounded-cloud.io/v1alpha3, kind: Machine, metadata: {name: $ns-a}, spec: {pxe: {image: i, nope: 1}, other: 2}, third: 3}
< 400
Failure:
  message: 'Machine in version "v1alpha3" cannot be handled as a Machine: strict decoding error: unknown field "spec.other", unknown field "spec.pxe.nope", unknown field "third"'
  reason: BadRequest
`,
  },
  {
    name: "fieldValidation=Strict refuses fields given twice",
    talk: `
> POST $machines?fieldValidation=Strict
| {"apiVersion": "unbounded-cloud.io/v1alpha3", "kind": "Machine", "metadata": {"name": "$ns-a"}, "spec": {"pxe": {"image": "i", "image": "j"}}}
< 400
Failure:
  message: 'Machine in version "v1alpha3" cannot be handled as a Machine: strict decoding error: duplicate field "spec.pxe.image"'
  reason: BadRequest
> POST $machines?fieldValidation=Warn
? spec
| {"apiVersion": "unbounded-cloud.io/v1alpha3", "kind": "Machine", "metadata": {"name": "$ns-a"}, "spec": {"pxe": {"image": "i", "image": "j"}}}
< 201
! warning: 299 - "duplicate field \\"spec.pxe.image\\""
{spec: {pxe: {image: j}}}
`,
  },
  {
    name: "fieldValidation=Ignore says nothing of unknown fields",
    talk: `
> POST $machines?fieldValidation=Ignore
? spec
{apiVersion: unbounded-cloud.io/v1alpha3, kind: Machine, metadata: {name: $ns-a}, spec: {pxe: {image: i, nope: 1}}}
< 201
{spec: {pxe: {image: i}}}
`,
  },
  {
    name: "fieldValidation of another value is refused",
    talk: `
> POST $machines?fieldValidation=Nonsense
{apiVersion: unbounded-cloud.io/v1alpha3, kind: Machine, metadata: {name: $ns-a}, spec: {pxe: {image: i}}}
< 422
Invalid: 'CreateOptions.meta.k8s.io ""'
causes:
  - 'FieldValueNotSupported fieldValidation: Unsupported value: "Nonsense": supported values: "", "Ignore", "Strict", "Warn"'
`,
  },
  {
    name: "fieldValidation=Strict of built-in kinds",
    talk: `
> POST $cm?fieldValidation=Strict
{metadata: {name: a, nope: 1}, data: {k: v}, more: 2}
< 400
Failure:
  message: 'ConfigMap in version "v1" cannot be handled as a ConfigMap: strict decoding error: unknown field "metadata.nope", unknown field "more"'
  reason: BadRequest
> POST /apis/apps/v1/namespaces/$ns/deployments?fieldValidation=Strict
{metadata: {name: a}, spec: {nope: 1, selector: {matchLabels: {app: a}}, template: {metadata: {labels: {app: a}}, spec: {containers: [{name: c, image: i, nope: 2}]}}}}
< 400
Failure:
  message: 'Deployment in version "v1" cannot be handled as a Deployment: strict decoding error: unknown field "spec.nope", unknown field "spec.template.spec.containers[0].nope"'
  reason: BadRequest
> POST $cm
? metadata.name
{metadata: {name: a, nope: 1}, data: {k: v}, more: 2}
< 201
! warning: 299 - "unknown field \\"metadata.nope\\"", 299 - "unknown field \\"more\\""
{metadata.name: a}
`,
  },
  {
    name: "fieldValidation=Strict of patches",
    given: MACHINE,
    talk: `
> PATCH $machines/$ns-a?fieldValidation=Strict
+ content-type: application/merge-patch+json
? code reason
{spec: {pxe: {nope: 1}}}
< 422
{code: 422, reason: Invalid}
> PATCH $machines/$ns-a
+ content-type: application/merge-patch+json
? spec
{spec: {pxe: {nope: 1}}}
< 200
! warning: 299 - "unknown field \\"spec.pxe.nope\\""
{spec: {pxe: {image: i}}}
`,
  },
  {
    name: "required fields",
    talk: `
> POST $machines
{apiVersion: unbounded-cloud.io/v1alpha3, kind: Machine, metadata: {name: $ns-a}, spec: {pxe: {}}}
< 422
{Invalid: 'Machine.unbounded-cloud.io "$ns-a"', causes: ["FieldValueInvalid <nil>: Invalid value: null: some validation rules were not checked because the object was invalid; correct the existing errors to complete validation", "FieldValueRequired spec.pxe.image: Required value"]}
> POST $machines
{apiVersion: unbounded-cloud.io/v1alpha3, kind: Machine, metadata: {name: $ns-a}, spec: {pxe: {image: i, dhcpLeases: [{ipv4: a}]}}}
< 422
Invalid: 'Machine.unbounded-cloud.io "$ns-a"'
causes:
  - "FieldValueInvalid <nil>: Invalid value: null: some validation rules were not checked because the object was invalid; correct the existing errors to complete validation"
  - "FieldValueRequired spec.pxe.dhcpLeases[0].gateway: Required value"
  - "FieldValueRequired spec.pxe.dhcpLeases[0].mac: Required value"
  - "FieldValueRequired spec.pxe.dhcpLeases[0].subnetMask: Required value"
> POST $machines
{apiVersion: unbounded-cloud.io/v1alpha3, kind: Machine, metadata: {name: $ns-a}, spec: {ssh: {}}}
< 422
Invalid: 'Machine.unbounded-cloud.io "$ns-a"'
causes: ["FieldValueInvalid <nil>: Invalid value: null: some validation rules were not checked because the object was invalid; correct the existing errors to complete validation", "FieldValueRequired spec.ssh.host: Required value", "FieldValueRequired spec.ssh.privateKeyRef: Required value"]
`,
  },
  {
    name: "types",
    talk: `
> POST $machines
{apiVersion: unbounded-cloud.io/v1alpha3, kind: Machine, metadata: {name: $ns-a}, spec: {pxe: {image: 5}}}
< 422
Invalid: 'Machine.unbounded-cloud.io "$ns-a"'
causes:
  - "FieldValueInvalid <nil>: Invalid value: null: some validation rules were not checked because the object was invalid; correct the existing errors to complete validation"
  - 'FieldValueTypeInvalid spec.pxe.image: Invalid value: "integer": spec.pxe.image in body must be of type string: "integer"'
> POST $machines
{apiVersion: unbounded-cloud.io/v1alpha3, kind: Machine, metadata: {name: $ns-a}, spec: {pxe: {image: i, dhcpLeases: {}}}}
< 422
Invalid: 'Machine.unbounded-cloud.io "$ns-a"'
causes:
  - "FieldValueInvalid <nil>: Invalid value: null: some validation rules were not checked because the object was invalid; correct the existing errors to complete validation"
  - 'FieldValueTypeInvalid spec.pxe.dhcpLeases: Invalid value: "object": spec.pxe.dhcpLeases in body must be of type array: "object"'
> POST $machines
{apiVersion: unbounded-cloud.io/v1alpha3, kind: Machine, metadata: {name: $ns-a}, spec: []}
< 422
Invalid: 'Machine.unbounded-cloud.io "$ns-a"'
causes: ["FieldValueInvalid <nil>: Invalid value: null: some validation rules were not checked because the object was invalid; correct the existing errors to complete validation", 'FieldValueTypeInvalid spec: Invalid value: "array": spec in body must be of type object: "array"']
> POST $machines
{apiVersion: unbounded-cloud.io/v1alpha3, kind: Machine, metadata: {name: $ns-a}, spec: {operations: {rebootCounter: "1"}}}
< 422
Invalid: 'Machine.unbounded-cloud.io "$ns-a"'
causes:
  - "FieldValueInvalid <nil>: Invalid value: null: some validation rules were not checked because the object was invalid; correct the existing errors to complete validation"
  - 'FieldValueTypeInvalid spec.operations.rebootCounter: Invalid value: "string": spec.operations.rebootCounter in body must be of type integer: "string"'
> POST $machines
{apiVersion: unbounded-cloud.io/v1alpha3, kind: Machine, metadata: {name: $ns-a}, spec: {operations: {rebootCounter: 1.5}}}
< 422
Invalid: 'Machine.unbounded-cloud.io "$ns-a"'
causes:
  - "FieldValueInvalid <nil>: Invalid value: null: some validation rules were not checked because the object was invalid; correct the existing errors to complete validation"
  - 'FieldValueTypeInvalid spec.operations.rebootCounter: Invalid value: "number": spec.operations.rebootCounter in body must be of type integer: "number"'
> POST $machines
{apiVersion: unbounded-cloud.io/v1alpha3, kind: Machine, metadata: {name: $ns-a}, spec: {kubernetes: {bootstrapTokenRef: {name: t}, nodeLabels: {a: 1}}}}
< 422
Invalid: 'Machine.unbounded-cloud.io "$ns-a"'
causes:
  - "FieldValueInvalid <nil>: Invalid value: null: some validation rules were not checked because the object was invalid; correct the existing errors to complete validation"
  - 'FieldValueTypeInvalid spec.kubernetes.nodeLabels.a: Invalid value: "integer": spec.kubernetes.nodeLabels.a in body must be of type string: "integer"'
> POST $machines
{apiVersion: unbounded-cloud.io/v1alpha3, kind: Machine, metadata: {name: $ns-a}, spec: text}
< 422
Invalid: 'Machine.unbounded-cloud.io "$ns-a"'
causes: ["FieldValueInvalid <nil>: Invalid value: null: some validation rules were not checked because the object was invalid; correct the existing errors to complete validation", 'FieldValueTypeInvalid spec: Invalid value: "string": spec in body must be of type object: "string"']
`,
  },
  {
    name: "several errors at once",
    talk: `
> POST $machines
{apiVersion: unbounded-cloud.io/v1alpha3, kind: Machine, metadata: {name: $ns-a}, spec: {pxe: {image: 5, dhcpLeases: [{mac: m}, 7]}, operations: {repaveCounter: x}}}
< 422
Invalid: 'Machine.unbounded-cloud.io "$ns-a"'
causes:
  - "FieldValueInvalid <nil>: Invalid value: null: some validation rules were not checked because the object was invalid; correct the existing errors to complete validation"
  - "FieldValueRequired spec.pxe.dhcpLeases[0].gateway: Required value"
  - "FieldValueRequired spec.pxe.dhcpLeases[0].ipv4: Required value"
  - "FieldValueRequired spec.pxe.dhcpLeases[0].subnetMask: Required value"
  - 'FieldValueTypeInvalid spec.operations.repaveCounter: Invalid value: "string": spec.operations.repaveCounter in body must be of type integer: "string"'
  - 'FieldValueTypeInvalid spec.pxe.dhcpLeases[1]: Invalid value: "integer": spec.pxe.dhcpLeases[1] in body must be of type object: "integer"'
  - 'FieldValueTypeInvalid spec.pxe.image: Invalid value: "integer": spec.pxe.image in body must be of type string: "integer"'
`,
  },
  {
    name: "null is nothing where it is not nullable",
    talk: `
> POST $machines
? spec
{apiVersion: unbounded-cloud.io/v1alpha3, kind: Machine, metadata: {name: $ns-a}, spec: {pxe: {image: i, dhcpLeases: null}, agent: null}}
< 201
{spec: {pxe: {image: i}}}
> POST $machines
? spec
{apiVersion: unbounded-cloud.io/v1alpha3, kind: Machine, metadata: {name: $ns-a}, spec: {pxe: null}}
< 409
Failure:
  message: 'machines.unbounded-cloud.io "$ns-a" already exists'
  reason: AlreadyExists
  details: {name: $ns-a, group: unbounded-cloud.io, kind: machines}
`,
  },
  {
    name: "big integers",
    given: MACHINE,
    talk: `
> PATCH $machines/$ns-a/status
+ content-type: application/merge-patch+json
? metadata.generation
{status: {operations: {rebootCounter: 9007199254740993}}}
< 200
{metadata.generation: 1}
`,
  },
  {
    name: "rules in CEL are kept",
    talk: `
> POST $machines
{apiVersion: unbounded-cloud.io/v1alpha3, kind: Machine, metadata: {name: $ns-a}, spec: {pxe: {image: i, redfish: {url: u, username: v, passwordRef: {name: n, namespace: o}}}}}
< 422
Invalid: 'Machine.unbounded-cloud.io "$ns-a"'
causes:
  - 'FieldValueInvalid spec.pxe.redfish.url: Invalid value: "u": url is not that of a BMC; want https and a host, such as https://10.0.10.11, without user, password or path'
`,
  },
  {
    name: "metadata of the wrong type",
    talk: `
> POST $machines
{apiVersion: unbounded-cloud.io/v1alpha3, kind: Machine, metadata: {name: 5}}
< 400
Failure:
  message: 'Machine in version "v1alpha3" cannot be handled as a Machine: json: cannot unmarshal number into Go struct field ObjectMeta.name of type string'
  reason: BadRequest
> POST $machines
{apiVersion: unbounded-cloud.io/v1alpha3, kind: Machine, metadata: {name: $ns-a, labels: {x: 1}}}
< 400
Failure:
  message: 'Machine in version "v1alpha3" cannot be handled as a Machine: json: cannot unmarshal number into Go struct field ObjectMeta.labels of type string'
  reason: BadRequest
> POST $machines
{apiVersion: unbounded-cloud.io/v1alpha3, kind: Machine, metadata: []}
< 400
Failure:
  message: 'Machine in version "v1alpha3" cannot be handled as a Machine: json: cannot unmarshal array into Go value of type v1.ObjectMeta'
  reason: BadRequest
`,
  },
  {
    name: "built-in kinds of the wrong type",
    talk: `
> POST $cm
{metadata: {name: a}, data: {k: 1}}
< 400
Failure:
  message: 'ConfigMap in version "v1" cannot be handled as a ConfigMap: json: cannot unmarshal number into Go struct field ConfigMap.data of type string'
  reason: BadRequest
> POST $cm
{metadata: {name: a}, data: []}
< 400
Failure:
  message: 'ConfigMap in version "v1" cannot be handled as a ConfigMap: json: cannot unmarshal array into Go struct field ConfigMap.data of type map[string]string'
  reason: BadRequest
> POST $cm
{metadata: {name: a, labels: {x: 1}}}
< 400
Failure:
  message: 'ConfigMap in version "v1" cannot be handled as a ConfigMap: json: cannot unmarshal number into Go struct field ObjectMeta.metadata.labels of type string'
  reason: BadRequest
> POST /apis/apps/v1/namespaces/$ns/deployments
{metadata: {name: a}, spec: {replicas: x}}
< 400
Failure:
  message: 'Deployment in version "v1" cannot be handled as a Deployment: json: cannot unmarshal string into Go struct field DeploymentSpec.spec.replicas of type int32'
  reason: BadRequest
> POST /apis/coordination.k8s.io/v1/namespaces/$ns/leases
{metadata: {name: a}, spec: {renewTime: yesterday}}
< 400
Failure:
  message: 'Lease in version "v1" cannot be handled as a Lease: parsing time "yesterday" as "2006-01-02T15:04:05.000000Z07:00": cannot parse "yesterday" as "2006"'
  reason: BadRequest
`,
  },
];

/** What cannot be understood, is too large or of the wrong kind. */
import type { Case } from "./conversation.ts";

/** See the names. */
export const cases: readonly Case[] = [
  {
    name: "bad JSON",
    talk: `
> POST $cm
| {"metadata": {"name": "a"}
< 400
Failure:
  message: 'the object provided is unrecognized (must be of type ConfigMap): couldn''t get version/kind; json parse error: unexpected end of JSON input ({"metadata": {"name": "a"})'
  reason: BadRequest
> POST $cm
| nonsense
< 400
Failure:
  message: "the object provided is unrecognized (must be of type ConfigMap): couldn't get version/kind; json parse error: invalid character 'o' in literal null (expecting 'u') (6e6f6e73656e7365)"
  reason: BadRequest
> POST $cm
| {"metadata": {"name": "a"}} more
< 400
Failure:
  message: 'the object provided is unrecognized (must be of type ConfigMap): couldn''t get version/kind; json parse error: invalid character ''m'' after top-level value ({"metadata": {"name": "a"}} mo ...)'
  reason: BadRequest
> POST $machines
| {"apiVersion":
< 400
Failure:
  message: 'the object provided is unrecognized (must be of type Machine): couldn''t get version/kind; json parse error: unexpected end of JSON input ({"apiVersion":)'
  reason: BadRequest
`,
  },
  {
    name: "no body",
    talk: `
> POST $cm
< 400
Failure:
  message: "the object provided is unrecognized (must be of type ConfigMap): couldn't get version/kind; json parse error: unexpected end of JSON input (<empty>)"
  reason: BadRequest
> POST $machines
< 400
Failure:
  message: "the object provided is unrecognized (must be of type Machine): couldn't get version/kind; json parse error: unexpected end of JSON input (<empty>)"
  reason: BadRequest
> PUT $cm/a
< 400
Failure:
  message: "the object provided is unrecognized (must be of type ConfigMap): couldn't get version/kind; json parse error: unexpected end of JSON input (<empty>)"
  reason: BadRequest
`,
  },
  {
    name: "JSON that is no object",
    talk: `
> POST $cm
| []
< 400
Failure:
  message: 'the object provided is unrecognized (must be of type ConfigMap): couldn''t get version/kind; json parse error: json: cannot unmarshal array into Go value of type struct { APIVersion string "json:\\"apiVersion,omitempty\\""; Kind string "json:\\"kind,omitempty\\"" } (5b5d)'
  reason: BadRequest
> POST $cm
| "text"
< 400
Failure:
  message: 'the object provided is unrecognized (must be of type ConfigMap): couldn''t get version/kind; json parse error: json: cannot unmarshal string into Go value of type struct { APIVersion string "json:\\"apiVersion,omitempty\\""; Kind string "json:\\"kind,omitempty\\"" } (227465787422)'
  reason: BadRequest
> POST $cm
| null
< 422
Invalid: 'ConfigMap ""'
causes: ["FieldValueRequired metadata.name: Required value: name or generateName is required"]
> POST $machines
| []
< 400
Failure:
  message: 'the object provided is unrecognized (must be of type Machine): couldn''t get version/kind; json parse error: json: cannot unmarshal array into Go value of type struct { APIVersion string "json:\\"apiVersion,omitempty\\""; Kind string "json:\\"kind,omitempty\\"" } (5b5d)'
  reason: BadRequest
`,
  },
  {
    name: "YAML is understood",
    talk: `
> POST $cm
+ content-type: application/yaml
? data
| metadata:
|   name: a
| data: {k: v}
< 201
{data: {k: v}}
`,
  },
  {
    name: "bad YAML",
    talk: `
> POST $cm
+ content-type: application/yaml
| a: [
< 400
Failure:
  message: "the object provided is unrecognized (must be of type ConfigMap): yaml: line 1: did not find expected node content (613a205b)"
  reason: BadRequest
> POST $machines
+ content-type: application/yaml
| a: b: c
< 400
Failure:
  message: "the object provided is unrecognized (must be of type Machine): yaml: mapping values are not allowed in this context (613a20623a2063)"
  reason: BadRequest
`,
  },
  {
    name: "the wrong kind",
    talk: `
> POST $cm
{apiVersion: v1, kind: Secret, metadata: {name: a}}
< 400
Failure:
  message: 'Secret in version "v1" cannot be handled as a ConfigMap: converting (v1.Secret) to (core.ConfigMap): unknown conversion'
  reason: BadRequest
> POST $cm
{apiVersion: v2, kind: ConfigMap, metadata: {name: a}}
< 400
Failure:
  message: 'ConfigMap in version "v2" cannot be handled as a ConfigMap: no kind "ConfigMap" is registered for version "v2" in scheme "pkg/runtime/scheme.go:111"'
  reason: BadRequest
> POST $machines
{apiVersion: v1, kind: ConfigMap, metadata: {name: a}}
< 400
Failure:
  message: the API version in the data (v1) does not match the expected API version (unbounded-cloud.io/v1alpha3)
  reason: BadRequest
> POST $machines
{apiVersion: unbounded-cloud.io/v9, kind: Machine, metadata: {name: a}}
< 400
Failure:
  message: the API version in the data (unbounded-cloud.io/v9) does not match the expected API version (unbounded-cloud.io/v1alpha3)
  reason: BadRequest
> POST $machines
{metadata: {name: a}}
< 400
Failure:
  message: 'the object provided is unrecognized (must be of type Machine): Object ''Kind'' is missing in ''{"metadata":{"name":"a"}}'' ({"metadata":{"name":"a"}})'
  reason: BadRequest
> POST $machines
{kind: Machine, metadata: {name: a}}
< 400
Failure:
  message: the API version in the data () does not match the expected API version (unbounded-cloud.io/v1alpha3)
  reason: BadRequest
`,
  },
  {
    name: "an unknown kind",
    talk: `
> POST $cm
{apiVersion: nope.example.com/v1, kind: Nope, metadata: {name: a}}
< 400
Failure:
  message: 'Nope in version "v1" cannot be handled as a ConfigMap: no kind "Nope" is registered for version "nope.example.com/v1" in scheme "pkg/runtime/scheme.go:111"'
  reason: BadRequest
`,
  },
  {
    name: "content types that nobody reads",
    talk: `
> POST $cm
+ content-type: text/plain
{metadata: {name: a}}
< 415
Failure:
  message: "the body of the request was in an unknown format - accepted media types include: application/json, application/yaml, application/vnd.kubernetes.protobuf"
  reason: UnsupportedMediaType
> POST $machines
+ content-type: application/xml
{metadata: {name: a}}
< 415
Failure:
  message: "the body of the request was in an unknown format - accepted media types include: application/json, application/yaml, application/vnd.kubernetes.protobuf"
  reason: UnsupportedMediaType
> PUT $cm/a
+ content-type: application/merge-patch+json
{metadata: {name: a}}
< 415
Failure:
  message: "the body of the request was in an unknown format - accepted media types include: application/json, application/yaml, application/vnd.kubernetes.protobuf"
  reason: UnsupportedMediaType
`,
  },
  {
    name: "an object over the limit of what is stored (1.5 MB)",
    talk: `
> POST $cm
{metadata: {name: a}, data: {k: "(x*1048577)"}}
< 422
{Invalid: 'ConfigMap "a"', causes: ["FieldValueTooLong []: Too long: may not be more than 1048576 bytes"]}
`,
  },
  {
    name: "a body over the limit of requests (3 MB)",
    talk: `
> POST $cm
{metadata: {name: a}, data: {k: "(x*3200000)"}}
< 413
{Failure: {message: "Request entity too large: limit is 3145728", reason: RequestEntityTooLarge}}
`,
  },
  {
    name: "a Secret over its limit",
    talk: `
> POST /api/v1/namespaces/$ns/secrets
{metadata: {name: a}, stringData: {k: "(x*1048577)"}}
< 422
{Invalid: 'Secret "a"', causes: ["FieldValueTooLong data: Too long: may not be more than 1048576 bytes"]}
`,
  },
  {
    name: "annotations over their limit",
    talk: `
> POST $cm
? message reason code
{metadata: {name: a, annotations: {k: "(x*262145)"}}}
< 422
Invalid: 'ConfigMap "a"'
causes: ["FieldValueTooLong metadata.annotations: Too long: may not be more than 262144 bytes"]
`,
  },
  {
    name: "methods that a resource does not have",
    talk: `
> PUT $cm
{metadata: {name: a}}
< 405
Failure: {message: the server does not allow this method on the requested resource, reason: MethodNotAllowed, details: {}}
> PATCH $cm
+ content-type: application/merge-patch+json
{metadata: {name: a}}
< 405
Failure: {message: the server does not allow this method on the requested resource, reason: MethodNotAllowed, details: {}}
> POST $cm/a
{metadata: {name: a}}
< 405
Failure: {message: the server does not allow this method on the requested resource, reason: MethodNotAllowed, details: {}}
> DELETE /api/v1/namespaces
< 405
Failure: {message: the server does not allow this method on the requested resource, reason: MethodNotAllowed, details: {}}
> PUT /version
{}
< 405
Failure: {message: the server does not allow this method on the requested resource, reason: MethodNotAllowed, details: {}}
`,
  },
  {
    name: "bad query values",
    talk: `
> GET $cm?limit=1&limit=2
? items
< 200
{items: []}
> POST $cm?fieldManager=(m*129)
{metadata: {name: a}}
< 422
Invalid: 'CreateOptions.meta.k8s.io ""'
causes: ["FieldValueTooLong fieldManager: Too long: may not be more than 128 bytes"]
> GET $cm?nonsense=1
? items
< 200
{items: []}
`,
  },
  {
    name: "a name in the path that no object can have",
    talk: `
> GET $cm/A_b
< 404
{Failure: {message: 'configmaps "A_b" not found', reason: NotFound, details: {name: A_b, kind: configmaps}}}
> GET $machines/A_b
< 404
Failure:
  message: 'machines.unbounded-cloud.io "A_b" not found'
  reason: NotFound
  details: {name: A_b, group: unbounded-cloud.io, kind: machines}
`,
  },
  {
    name: "JSON nested too deeply",
    talk: `
> POST $machines
| {"apiVersion": "unbounded-cloud.io/v1alpha3", "kind": "Machine", "metadata": {"name": "$ns-a"}, "spec": ([*10050)
< 400
Failure:
  message: 'the object provided is unrecognized (must be of type Machine): couldn''t get version/kind; json parse error: invalid character ''['' exceeded max depth ({"apiVersion": "unbounded-clou ...)'
  reason: BadRequest
`,
  },
  {
    name: "a string with a NUL",
    talk: `
> POST $cm
? metadata.name
| {"metadata": {"name": "a"}, "data": {"k": "a\\u0000b"}}
< 201
{metadata.name: a}
`,
  },
];

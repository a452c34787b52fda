/** Names, labels and what else of metadata the API looks after. */
import type { Case } from "./conversation.ts";

/** See the names. */
export const cases: readonly Case[] = [
  {
    name: "generateName makes names",
    talk: `
> POST $cm
{metadata: {generateName: gen-}}
< 201
kind: ConfigMap
apiVersion: v1
metadata: {name: gen-$random, generateName: gen-, namespace: $ns, uid: $uid, resourceVersion: $rv, creationTimestamp: $time}
> POST $cm
{metadata: {}}
< 422
Invalid: 'ConfigMap ""'
causes: ["FieldValueRequired metadata.name: Required value: name or generateName is required"]
`,
  },
  {
    name: "bad names are refused",
    talk: `
> POST $cm
{metadata: {name: A_b}}
< 422
Invalid: 'ConfigMap "A_b"'
causes:
  - 'FieldValueInvalid metadata.name: Invalid value: "A_b": a lowercase RFC 1123 subdomain must consist of lower case alphanumeric characters, ''-'' or ''.'', and must start and end with an alphanumeric character (e.g. ''example.com'', regex used for validation is ''[a-z0-9]([-a-z0-9]*[a-z0-9])?(\\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*'')'
> POST $machines
{apiVersion: unbounded-cloud.io/v1alpha3, kind: Machine, metadata: {name: A_b}}
< 422
Invalid: 'Machine.unbounded-cloud.io "A_b"'
causes:
  - 'FieldValueInvalid metadata.name: Invalid value: "A_b": a lowercase RFC 1123 subdomain must consist of lower case alphanumeric characters, ''-'' or ''.'', and must start and end with an alphanumeric character (e.g. ''example.com'', regex used for validation is ''[a-z0-9]([-a-z0-9]*[a-z0-9])?(\\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*'')'
> POST $machines
{apiVersion: unbounded-cloud.io/v1alpha3, kind: Machine, metadata: {}}
< 422
Invalid: 'Machine.unbounded-cloud.io ""'
causes: ["FieldValueInvalid <nil>: Invalid value: null: some validation rules were not checked because the object was invalid; correct the existing errors to complete validation", "FieldValueRequired metadata.name: Required value: name or generateName is required"]
`,
  },
  {
    name: "a name that is too long is refused",
    talk: `
> POST $machines
{apiVersion: unbounded-cloud.io/v1alpha3, kind: Machine, metadata: {name: "(a*254)"}}
< 422
Invalid: 'Machine.unbounded-cloud.io "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"'
causes:
  - 'FieldValueInvalid metadata.name: Invalid value: "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa": must be no more than 253 characters'
`,
  },
  {
    name: "bad labels and annotations are refused",
    talk: `
> POST $cm
{metadata: {name: a, labels: {"a b": v, k: "not a value!"}, annotations: {"x y": z}}}
< 422
Invalid: 'ConfigMap "a"'
causes:
  - 'FieldValueInvalid metadata.annotations: Invalid value: "x y": name part must consist of alphanumeric characters, ''-'', ''_'' or ''.'', and must start and end with an alphanumeric character (e.g. ''MyName'',  or ''my.name'',  or ''123-abc'', regex used for validation is ''([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9]'')'
  - 'FieldValueInvalid metadata.labels: Invalid value: "a b": name part must consist of alphanumeric characters, ''-'', ''_'' or ''.'', and must start and end with an alphanumeric character (e.g. ''MyName'',  or ''my.name'',  or ''123-abc'', regex used for validation is ''([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9]'')'
  - 'FieldValueInvalid metadata.labels: Invalid value: "not a value!": a valid label must be an empty string or consist of alphanumeric characters, ''-'', ''_'' or ''.'', and must start and end with an alphanumeric character (e.g. ''MyValue'',  or ''my_value'',  or ''12345'', regex used for validation is ''(([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9])?'')'
> POST $machines
{apiVersion: unbounded-cloud.io/v1alpha3, kind: Machine, metadata: {name: $ns-a, labels: {k: "not a value!"}}}
< 422
Invalid: 'Machine.unbounded-cloud.io "$ns-a"'
causes:
  - 'FieldValueInvalid metadata.labels: Invalid value: "not a value!": a valid label must be an empty string or consist of alphanumeric characters, ''-'', ''_'' or ''.'', and must start and end with an alphanumeric character (e.g. ''MyValue'',  or ''my_value'',  or ''12345'', regex used for validation is ''(([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9])?'')'
`,
  },
  {
    name: "bad owner references are refused",
    talk: `
> POST $cm
{metadata: {name: a, ownerReferences: [{apiVersion: v1, kind: ConfigMap, name: o}]}}
< 422
Invalid: 'ConfigMap "a"'
causes: ['FieldValueInvalid metadata.ownerReferences.uid: Invalid value: "": must not be empty']
> POST $cm
{metadata: {name: a, ownerReferences: [{apiVersion: v1, kind: ConfigMap, name: o, uid: u, controller: true}, {apiVersion: v1, kind: ConfigMap, name: p, uid: w, controller: true}]}}
< 422
Invalid: 'ConfigMap "a"'
causes:
  - 'FieldValueInvalid metadata.ownerReferences: Invalid value: [{"apiVersion":"v1","kind":"ConfigMap","name":"o","uid":"u","controller":true},{"apiVersion":"v1","kind":"ConfigMap","name":"p","uid":"w","controller":true}]: Only one reference can have Controller set to true. Found "true" in references for ConfigMap/o and ConfigMap/p'
> POST $machines
{apiVersion: unbounded-cloud.io/v1alpha3, kind: Machine, metadata: {name: $ns-a, ownerReferences: [{kind: ConfigMap}]}}
< 422
Invalid: 'Machine.unbounded-cloud.io "$ns-a"'
causes:
  - 'FieldValueInvalid metadata.ownerReferences.apiVersion: Invalid value: "": version must not be empty'
  - 'FieldValueInvalid metadata.ownerReferences.name: Invalid value: "": must not be empty'
  - 'FieldValueInvalid metadata.ownerReferences.uid: Invalid value: "": must not be empty'
`,
  },
  {
    name: "labels and annotations that are empty are kept, prefixes are checked",
    talk: `
> POST $cm
? metadata.labels metadata.annotations
{metadata: {name: a, labels: {example.com/x: "", y: ""}, annotations: {Example.com/x: ""}}}
< 201
{metadata.labels: {example.com/x: "", y: ""}, metadata.annotations: {Example.com/x: ""}}
> POST $cm
{metadata: {name: b, labels: {Example_/x: ""}}}
< 422
Invalid: 'ConfigMap "b"'
causes:
  - 'FieldValueInvalid metadata.labels: Invalid value: "Example_/x": prefix part a lowercase RFC 1123 subdomain must consist of lower case alphanumeric characters, ''-'' or ''.'', and must start and end with an alphanumeric character (e.g. ''example.com'', regex used for validation is ''[a-z0-9]([-a-z0-9]*[a-z0-9])?(\\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*'')'
> POST $cm
{metadata: {name: b, labels: {a/b/c: ""}}}
< 422
Invalid: 'ConfigMap "b"'
causes:
  - 'FieldValueInvalid metadata.labels: Invalid value: "a/b/c": a valid label key must consist of alphanumeric characters, ''-'', ''_'' or ''.'', and must start and end with an alphanumeric character (e.g. ''MyName'',  or ''my.name'',  or ''123-abc'', regex used for validation is ''([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9]'') with an optional DNS subdomain prefix and ''/'' (e.g. ''example.com/MyName'')'
> POST $cm
{metadata: {name: b, labels: {"(x*64)": "(y*64)"}}}
< 422
Invalid: 'ConfigMap "b"'
causes:
  - 'FieldValueInvalid metadata.labels: Invalid value: "xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx": name part must be no more than 63 bytes'
  - 'FieldValueInvalid metadata.labels: Invalid value: "yyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyy": must be no more than 63 bytes'
`,
  },
  {
    name: "what the server sets cannot be set",
    talk: `
> POST $cm
{metadata: {name: a, uid: 11111111-1111-1111-1111-111111111111, creationTimestamp: "2001-01-01T00:00:00Z", generation: 7, selfLink: x}}
< 201
kind: ConfigMap
apiVersion: v1
metadata: {name: a, namespace: $ns, uid: $uid, resourceVersion: $rv, generation: 7, creationTimestamp: $time}
> POST $cm
{metadata: {name: b, resourceVersion: "5"}}
< 500
{Failure: {message: resourceVersion should not be set on objects to be created}}
`,
  },
  {
    name: "uid and name cannot change",
    talk: `
> POST $cm
? metadata.name
{metadata: {name: a}}
< 201
{metadata.name: a}
> PUT $cm/a
{metadata: {name: a, uid: 11111111-1111-1111-1111-111111111111}}
< 409
Failure:
  message: 'Operation cannot be fulfilled on configmaps "a": StorageError: invalid object, Code: 4, Key: /registry/configmaps/$ns/a, ResourceVersion: $rv, AdditionalErrorMsg: Precondition failed: UID in precondition: $uid, UID in object meta: $uid'
  reason: Conflict
  details: {name: a, kind: configmaps}
> PUT $cm/a
{metadata: {name: b}}
< 400
{Failure: {message: the name of the object (b) does not match the name on the URL (a), reason: BadRequest}}
`,
  },
  {
    name: "a namespace that is not there, or is another one",
    talk: `
> POST /api/v1/namespaces/$ns-none/configmaps
{metadata: {name: a}}
< 404
{Failure: {message: 'namespaces "$ns-none" not found', reason: NotFound, details: {name: $ns-none, kind: namespaces}}}
> POST $cm
{metadata: {name: a, namespace: other}}
< 400
Failure: {message: the namespace of the provided object does not match the namespace sent on the request, reason: BadRequest}
> GET /api/v1/namespaces/$ns-none/configmaps
? items
< 200
{items: []}
`,
  },
  {
    name: "POST without a namespace is not allowed",
    talk: `
> POST /api/v1/configmaps
{metadata: {name: a, namespace: default}}
< 405
Failure: {message: the server does not allow this method on the requested resource, reason: MethodNotAllowed, details: {}}
`,
  },
];

/** Label and field selectors (Kubernetes documentation, Labels and Selectors; Field Selectors). */
import type { Case } from "./conversation.ts";
import { THREE_CONFIG_MAPS } from "./given.ts";

/** See the names. */
export const cases: readonly Case[] = [
  {
    name: "label selectors: equality",
    given: THREE_CONFIG_MAPS,
    talk: `
> GET $cm?labelSelector=x%3D1
? items[].metadata.name
< 200
{"items[].metadata.name": [a, c]}
> GET $cm?labelSelector=x%3D%3D2
? items[].metadata.name
< 200
{"items[].metadata.name": [b]}
> GET $cm?labelSelector=x!%3D1
? items[].metadata.name
< 200
{"items[].metadata.name": [b]}
> GET $cm?labelSelector=x%3D1,y%3Dk
? items[].metadata.name
< 200
{"items[].metadata.name": [a]}
`,
  },
  {
    name: "label selectors: sets",
    given: THREE_CONFIG_MAPS,
    talk: `
> GET $cm?labelSelector=x+in+(1,2)
? items[].metadata.name
< 200
{"items[].metadata.name": [a, b, c]}
> GET $cm?labelSelector=x+notin+(1)
? items[].metadata.name
< 200
{"items[].metadata.name": [b]}
> GET $cm?labelSelector=y
? items[].metadata.name
< 200
{"items[].metadata.name": [a]}
> GET $cm?labelSelector=!y
? items[].metadata.name
< 200
{"items[].metadata.name": [b, c]}
> GET $cm?labelSelector=x+in+(1),!y
? items[].metadata.name
< 200
{"items[].metadata.name": [c]}
> GET $cm?labelSelector=x%3E1
? items[].metadata.name
< 200
{"items[].metadata.name": [b]}
> GET $cm?labelSelector=x%3C2
? items[].metadata.name
< 200
{"items[].metadata.name": [a, c]}
> GET $cm?labelSelector=
? items[].metadata.name
< 200
{"items[].metadata.name": [a, b, c]}
`,
  },
  {
    name: "bad label selectors are refused",
    talk: `
> GET $cm?labelSelector=x+in
< 400
{Failure: {message: "unable to parse requirement: found '' expected: '('", reason: BadRequest}}
> GET $cm?labelSelector=x%3D%3D%3D1
< 400
{Failure: {message: "unable to parse requirement: found '=', expected: identifier", reason: BadRequest}}
> GET $cm?labelSelector=(
< 400
{Failure: {message: "found '(', expected: !, identifier, or 'end of string'", reason: BadRequest}}
> GET $cm?labelSelector=x+in+()
< 200
{kind: ConfigMapList, apiVersion: v1, metadata: {resourceVersion: $rv}, items: []}
> GET $cm?labelSelector=a+b
< 400
Failure: {message: "unable to parse requirement: found 'b', expected: in, notin, =, ==, !=, gt, lt", reason: BadRequest}
> GET $cm?labelSelector=x%3Dnot+a+value!
< 400
{Failure: {message: "found 'a', expected: ',' or 'end of string'", reason: BadRequest}}
`,
  },
  {
    name: "field selectors: name and namespace",
    given: THREE_CONFIG_MAPS,
    talk: `
> GET $cm?fieldSelector=metadata.name%3Db
? items[].metadata.name
< 200
{"items[].metadata.name": [b]}
> GET $cm?fieldSelector=metadata.name!%3Db
? items[].metadata.name
< 200
{"items[].metadata.name": [a, c]}
> GET $cm?fieldSelector=metadata.namespace%3D$ns,metadata.name%3Da
? items[].metadata.name
< 200
{"items[].metadata.name": [a]}
> GET $cm?fieldSelector=metadata.namespace%3Dother
? items[].metadata.name
< 200
{"items[].metadata.name": []}
`,
  },
  {
    name: "field selectors that the kind does not have are refused",
    talk: `
> GET $cm?fieldSelector=data.k%3Dv
? kind items[].metadata.name metadata
< 400
Failure: {message: '"data.k" is not a known field selector: only "metadata.name", "metadata.namespace"', reason: BadRequest}
> GET $cm?fieldSelector=metadata.labels%3Dv
? kind items[].metadata.name metadata
< 400
Failure:
  message: '"metadata.labels" is not a known field selector: only "metadata.name", "metadata.namespace"'
  reason: BadRequest
> GET $cm?fieldSelector=metadata.name
? kind items[].metadata.name metadata
< 400
{Failure: {message: "invalid selector: 'metadata.name'; can't understand 'metadata.name'", reason: BadRequest}}
> GET $machines?fieldSelector=spec.pxe.image%3Di
< 400
{Failure: {message: "field label not supported: spec.pxe.image", reason: BadRequest}}
`,
  },
  {
    name: "field selectors of Secrets: type",
    talk: `
> POST /api/v1/namespaces/$ns/secrets
? type
{metadata: {name: a}, type: example.com/t}
< 201
{type: example.com/t}
> GET /api/v1/namespaces/$ns/secrets?fieldSelector=type%3Dexample.com/t
? items[].metadata.name
< 200
{"items[].metadata.name": [a]}
> GET /api/v1/namespaces/$ns/secrets?fieldSelector=type!%3Dexample.com/t
? items[].metadata.name
< 200
{"items[].metadata.name": []}
`,
  },
  {
    name: "field selectors of Events: what they are about",
    talk: `
> POST /api/v1/namespaces/$ns/events
? metadata.name
{metadata: {name: a}, involvedObject: {kind: ConfigMap, name: x, namespace: $ns}, reason: R, type: Warning}
< 201
{metadata.name: a}
> GET /api/v1/namespaces/$ns/events?fieldSelector=involvedObject.name%3Dx,involvedObject.kind%3DConfigMap,type%3DWarning,reason%3DR
? items[].metadata.name
< 200
{"items[].metadata.name": [a]}
> GET /api/v1/namespaces/$ns/events?fieldSelector=involvedObject.name%3Dy
? items[].metadata.name
< 200
{"items[].metadata.name": []}
`,
  },
];

/** Lists: paging and resourceVersions (Kubernetes API concepts, Resource versions). */
import type { Case } from "./conversation.ts";
import { THREE_CONFIG_MAPS } from "./given.ts";

/** See the names. */
export const cases: readonly Case[] = [
  {
    name: "a list in whole",
    given: THREE_CONFIG_MAPS,
    talk: `
> GET $cm
< 200
kind: ConfigMapList
apiVersion: v1
metadata: {resourceVersion: $rv}
items:
  - metadata: {name: a, namespace: $ns, uid: $uid, resourceVersion: $rv, creationTimestamp: $time, labels: {x: "1", y: k}}
  - {metadata: {name: b, namespace: $ns, uid: $uid, resourceVersion: $rv, creationTimestamp: $time, labels: {x: "2"}}}
  - {metadata: {name: c, namespace: $ns, uid: $uid, resourceVersion: $rv, creationTimestamp: $time, labels: {x: "1"}}}
`,
  },
  {
    name: "an empty list",
    talk: `
> GET $cm
< 200
{kind: ConfigMapList, apiVersion: v1, metadata: {resourceVersion: $rv}, items: []}
`,
  },
  {
    name: "a list of Machines names its kind",
    talk: `
> GET $machines?labelSelector=case%3D$ns
< 200
{apiVersion: unbounded-cloud.io/v1alpha3, items: [], kind: MachineList, metadata: {continue: "", resourceVersion: $rv}}
`,
  },
  {
    name: "a list over all namespaces",
    given: THREE_CONFIG_MAPS,
    talk: `
> GET /api/v1/configmaps?labelSelector=y%3Dk&fieldSelector=metadata.namespace%3D$ns
? items[].metadata.name
< 200
{"items[].metadata.name": [a]}
`,
  },
  {
    name: "paging with limit and continue",
    given: THREE_CONFIG_MAPS,
    talk: `
> GET $cm?limit=2
$token metadata.continue
? items[].metadata.name metadata
< 200
{"items[].metadata.name": [a, b], metadata: {resourceVersion: $rv, continue: $continue, remainingItemCount: 1}}
> GET $cm?limit=2&continue=$token
? items[].metadata.name metadata
< 200
{"items[].metadata.name": [c], metadata: {resourceVersion: $rv}}
> GET $cm?limit=1
$one metadata.continue
? items[].metadata.name metadata
< 200
{"items[].metadata.name": [a], metadata: {resourceVersion: $rv, continue: $continue, remainingItemCount: 2}}
> GET $cm?limit=1&continue=$one
$two metadata.continue
? items[].metadata.name metadata
< 200
{"items[].metadata.name": [b], metadata: {resourceVersion: $rv, continue: $continue, remainingItemCount: 1}}
> GET $cm?limit=0&continue=$two
? items[].metadata.name metadata
< 200
{"items[].metadata.name": [c], metadata: {resourceVersion: $rv}}
`,
  },
  {
    name: "pages are of one revision",
    given: THREE_CONFIG_MAPS,
    talk: `
> GET $cm?limit=1
$token metadata.continue
? items[].metadata.name
< 200
{"items[].metadata.name": [a]}
> DELETE $cm/b
? status
< 200
{status: Success}
> POST $cm
? metadata.name
{metadata: {name: d}}
< 201
{metadata.name: d}
> GET $cm?continue=$token
? items[].metadata.name
< 200
{"items[].metadata.name": [b, c]}
> GET $cm
? items[].metadata.name
< 200
{"items[].metadata.name": [a, c, d]}
`,
  },
  {
    name: "pages of a selection do not say how many remain",
    given: THREE_CONFIG_MAPS,
    talk: `
> GET $cm?limit=1&labelSelector=x%3D1
$token metadata.continue
? items[].metadata.name metadata
< 200
{"items[].metadata.name": [a], metadata: {resourceVersion: $rv, continue: $continue}}
> GET $cm?limit=1&labelSelector=x%3D1&continue=$token
? items[].metadata.name metadata
< 200
{"items[].metadata.name": [c], metadata: {resourceVersion: $rv}}
`,
  },
  {
    name: "a forged continue token is refused",
    talk: `
> GET $cm?limit=1&continue=forged
? kind items[].metadata.name metadata
< 400
Failure:
  message: "invalid continue token: continue key is not valid: invalid character '~' looking for beginning of value"
  reason: BadRequest
> GET $cm?limit=1&continue=e30
? kind items[].metadata.name metadata
< 400
Failure:
  message: "invalid continue token: continue key is not valid: server does not recognize this encoded version "
  reason: BadRequest
> GET $cm?limit=1&continue=eyJ2IjoibWV0YS5rOHMuaW8vdjEiLCJydiI6MX0
? kind items[].metadata.name metadata
< 400
Failure:
  message: "invalid continue token: continue key is not valid: encoded start key empty (version meta.k8s.io/v1)"
  reason: BadRequest
`,
  },
  {
    name: "a continue token with a resourceVersion is refused",
    given: THREE_CONFIG_MAPS,
    talk: `
> GET $cm?limit=1
$token metadata.continue
? items[].metadata.name
< 200
{"items[].metadata.name": [a]}
> GET $cm?limit=1&resourceVersion=$a&continue=$token
< 400
{Failure: {message: specifying resource version is not allowed when using continue, reason: BadRequest}}
`,
  },
  {
    name: "a continue token whose start is gone, of a future revision, is refused",
    talk: `
> GET $cm?limit=1&continue=eyJ2IjoibWV0YS5rOHMuaW8vdjEiLCJydiI6OTk5OTk5OTk5LCJzdGFydCI6ImFcdTAwMDAifQ
< 504
! retry-after: 1
Failure:
  message: "Timeout: Too large resource version: $rv, current: $rv"
  reason: Timeout
  details: {causes: [{reason: ResourceVersionTooLarge, message: Too large resource version}], retryAfterSeconds: 1}
`,
  },
  {
    name: "bad limits are refused",
    talk: `
> GET $cm?limit=x
? kind items[].metadata.name metadata
< 400
{Failure: {message: 'strconv.ParseInt: parsing "x": invalid syntax', reason: BadRequest}}
> GET $cm?limit=-1
? kind items[].metadata.name metadata
< 200
{kind: ConfigMapList, "items[].metadata.name": [], metadata: {resourceVersion: $rv}}
`,
  },
  {
    name: "resourceVersion table: none, 0 and a revision, without a limit",
    given: THREE_CONFIG_MAPS,
    talk: `
> GET $cm?resourceVersion=$c
? items[].metadata.name
< 200
{"items[].metadata.name": [a, b, c]}
> GET $cm?resourceVersion=
? items[].metadata.name
< 200
{"items[].metadata.name": [a, b, c]}
> GET $cm?resourceVersion=0
? items[].metadata.name
< 200
{"items[].metadata.name": [a, b, c]}
> GET $cm?resourceVersion=$b
? items[].metadata.name
< 200
{"items[].metadata.name": [a, b, c]}
`,
  },
  {
    name: "resourceVersion table: NotOlderThan",
    given: THREE_CONFIG_MAPS,
    talk: `
> GET $cm?resourceVersion=$c&resourceVersionMatch=NotOlderThan
? items[].metadata.name
< 200
{"items[].metadata.name": [a, b, c]}
> GET $cm?resourceVersion=0&resourceVersionMatch=NotOlderThan
? items[].metadata.name
< 200
{"items[].metadata.name": [a, b, c]}
> GET $cm?resourceVersion=$b&resourceVersionMatch=NotOlderThan
? items[].metadata.name
< 200
{"items[].metadata.name": [a, b, c]}
> GET $cm?resourceVersion=$b&resourceVersionMatch=NotOlderThan&limit=1
? items[].metadata.name
< 200
{"items[].metadata.name": [a]}
`,
  },
  {
    name: "resourceVersion table: Exact gives what was",
    given: THREE_CONFIG_MAPS,
    talk: `
> DELETE $cm/a
? status
< 200
{status: Success}
> GET $cm?resourceVersion=$a&resourceVersionMatch=Exact
? items[].metadata.name
< 200
{"items[].metadata.name": [a]}
> GET $cm?resourceVersion=$b&resourceVersionMatch=Exact
? items[].metadata.name
< 200
{"items[].metadata.name": [a, b]}
> GET $cm?resourceVersion=$c&resourceVersionMatch=Exact&limit=2
? items[].metadata.name
< 200
{"items[].metadata.name": [a, b]}
> GET $cm?resourceVersion=$c&limit=2
? items[].metadata.name
< 200
{"items[].metadata.name": [a, b]}
`,
  },
  {
    name: "resourceVersion table: what is not allowed",
    talk: `
> GET $cm?resourceVersionMatch=Exact
? kind items[].metadata.name metadata
< 422
Invalid: 'ListOptions.meta.k8s.io ""'
causes:
  - "FieldValueForbidden resourceVersionMatch: Forbidden: resourceVersionMatch is forbidden unless resourceVersion is provided"
> GET $cm?resourceVersionMatch=NotOlderThan
? kind items[].metadata.name metadata
< 422
Invalid: 'ListOptions.meta.k8s.io ""'
causes:
  - "FieldValueForbidden resourceVersionMatch: Forbidden: resourceVersionMatch is forbidden unless resourceVersion is provided"
> GET $cm?resourceVersion=0&resourceVersionMatch=Exact
? kind items[].metadata.name metadata
< 422
Invalid: 'ListOptions.meta.k8s.io ""'
causes:
  - 'FieldValueForbidden resourceVersionMatch: Forbidden: resourceVersionMatch "exact" is forbidden for resourceVersion "0"'
> GET $cm?resourceVersion=1&resourceVersionMatch=Nonsense
? kind items[].metadata.name metadata
< 422
Invalid: 'ListOptions.meta.k8s.io ""'
causes:
  - 'FieldValueNotSupported resourceVersionMatch: Unsupported value: "Nonsense": supported values: "Exact", "NotOlderThan", ""'
`,
  },
  {
    name: "a resourceVersion that is no number is refused",
    talk: `
> GET $cm?resourceVersion=x
? kind items[].metadata.name metadata
< 400
Failure:
  message: 'invalid resource version: resourceVersion: Invalid value: "x": strconv.ParseUint: parsing "x": invalid syntax'
  reason: BadRequest
> GET $cm?resourceVersion=-1
? kind items[].metadata.name metadata
< 400
Failure:
  message: 'invalid resource version: resourceVersion: Invalid value: "-1": strconv.ParseUint: parsing "-1": invalid syntax'
  reason: BadRequest
> GET $cm/a?resourceVersion=x
< 500
{Failure: {message: 'resourceVersion: Invalid value: "x": strconv.ParseUint: parsing "x": invalid syntax'}}
`,
  },
  {
    name: "a resourceVersion of the future times out",
    talk: `
> GET $cm?resourceVersion=999999999&resourceVersionMatch=NotOlderThan
< 504
! retry-after: 1
Failure:
  message: "Timeout: Too large resource version: $rv, current: $rv"
  reason: Timeout
  details: {causes: [{reason: ResourceVersionTooLarge, message: Too large resource version}], retryAfterSeconds: 1}
> GET $cm?resourceVersion=999999999&resourceVersionMatch=Exact
< 504
! retry-after: 1
Failure:
  message: "Timeout: Too large resource version: $rv, current: $rv"
  reason: Timeout
  details: {causes: [{reason: ResourceVersionTooLarge, message: Too large resource version}], retryAfterSeconds: 1}
`,
  },
  {
    name: "resourceVersionMatch with continue is refused",
    talk: `
> GET $cm?limit=1&continue=x&resourceVersionMatch=Exact
< 422
Invalid: 'ListOptions.meta.k8s.io ""'
causes:
  - "FieldValueForbidden resourceVersionMatch: Forbidden: resourceVersionMatch is forbidden unless resourceVersion is provided"
  - "FieldValueForbidden resourceVersionMatch: Forbidden: resourceVersionMatch is forbidden when continue is provided"
`,
  },
  {
    name: "get with a resourceVersion",
    given: THREE_CONFIG_MAPS,
    talk: `
> GET $cm/a?resourceVersion=$c
? metadata.name
< 200
{metadata.name: a}
> GET $cm/a?resourceVersion=0
? metadata.name
< 200
{metadata.name: a}
`,
  },
  {
    name: "delete of a collection",
    given: THREE_CONFIG_MAPS,
    talk: `
> DELETE $cm?labelSelector=x%3D1
? kind items[].metadata.name
< 200
{kind: ConfigMapList, "items[].metadata.name": [a, c]}
> GET $cm
? items[].metadata.name
< 200
{"items[].metadata.name": [b]}
> DELETE $cm
? kind items[].metadata.name
< 200
{kind: ConfigMapList, "items[].metadata.name": [b]}
> DELETE $cm
? kind items
< 200
{kind: ConfigMapList, items: []}
`,
  },
];

/** Watches: where they begin, what they tell and how they end (Kubernetes API concepts, Efficient detection of changes). */
import type { Case } from "./conversation.ts";
import { THREE_CONFIG_MAPS } from "./given.ts";

/** See the names. */
export const cases: readonly Case[] = [
  {
    name: "watch from a resourceVersion gives what came after it",
    given: THREE_CONFIG_MAPS,
    talk: `
> PATCH $cm/a
+ content-type: application/merge-patch+json
? kind
{data: {k: v}}
< 200
{kind: ConfigMap}
> DELETE $cm/b
? kind
< 200
{kind: Status}
> OPEN w $cm?watch=1&resourceVersion=$a
< 200
> READ w 4
? type object.metadata.name
< events
- {type: ADDED, object.metadata.name: b}
- {type: ADDED, object.metadata.name: c}
- {type: MODIFIED, object.metadata.name: a}
- {type: DELETED, object.metadata.name: b}
`,
  },
  {
    name: "watch gives whole objects",
    given: THREE_CONFIG_MAPS,
    talk: `
> PATCH $cm/a
+ content-type: application/merge-patch+json
? kind
{data: {k: v}}
< 200
{kind: ConfigMap}
> DELETE $cm/a
? kind
< 200
{kind: Status}
> OPEN w $cm?watch=1&resourceVersion=$c
< 200
> READ w 2
< events
- type: MODIFIED
  object:
    kind: ConfigMap
    apiVersion: v1
    metadata: {name: a, namespace: $ns, uid: $uid, resourceVersion: $rv, creationTimestamp: $time, labels: {x: "1", y: k}}
    data: {k: v}
- type: DELETED
  object:
    kind: ConfigMap
    apiVersion: v1
    metadata: {name: a, namespace: $ns, uid: $uid, resourceVersion: $rv, creationTimestamp: $time, labels: {x: "1", y: k}}
    data: {k: v}
`,
  },
  {
    name: "watch from 0 and from nowhere begins with what there is",
    given: THREE_CONFIG_MAPS,
    talk: `
> OPEN w $cm?watch=1&resourceVersion=0
< 200
> READ w 3
? type object.metadata.name
< events
[{type: ADDED, object.metadata.name: a}, {type: ADDED, object.metadata.name: b}, {type: ADDED, object.metadata.name: c}]
> OPEN v $cm?watch=1
< 200
> READ v 3
? type object.metadata.name
< events
[{type: ADDED, object.metadata.name: a}, {type: ADDED, object.metadata.name: b}, {type: ADDED, object.metadata.name: c}]
`,
  },
  {
    name: "watch goes on with what comes",
    talk: `
> OPEN w $cm?watch=1
< 200
> POST $cm
? metadata.name
{metadata: {name: a}}
< 201
{metadata.name: a}
> READ w 1
? type object.metadata.name
< events
[{type: ADDED, object.metadata.name: a}]
> PATCH $cm/a
+ content-type: application/merge-patch+json
? kind
{data: {k: v}}
< 200
{kind: ConfigMap}
> READ w 1
? type object.metadata.name
< events
[{type: MODIFIED, object.metadata.name: a}]
> DELETE $cm/a
? kind
< 200
{kind: Status}
> READ w 1
? type object.metadata.name
< events
[{type: DELETED, object.metadata.name: a}]
`,
  },
  {
    name: "watch of Machines",
    talk: `
> POST $machines
? metadata.name
$r metadata.resourceVersion
{apiVersion: unbounded-cloud.io/v1alpha3, kind: Machine, metadata: {name: $ns-a}}
< 201
{metadata.name: $ns-a}
> PATCH $machines/$ns-a
+ content-type: application/merge-patch+json
? metadata.generation
{spec: {pxe: {image: i}}}
< 200
{metadata.generation: 2}
> OPEN w $machines?watch=true&resourceVersion=$r&fieldSelector=metadata.name%3D$ns-a
< 200
> READ w 1
< events
- type: MODIFIED
  object:
    apiVersion: unbounded-cloud.io/v1alpha3
    kind: Machine
    metadata: {creationTimestamp: $time, generation: 2, name: $ns-a, resourceVersion: $rv, uid: $uid}
    spec: {pxe: {image: i}}
`,
  },
  {
    name: "watch of one object with a field selector",
    given: THREE_CONFIG_MAPS,
    talk: `
> PATCH $cm/a
+ content-type: application/merge-patch+json
? kind
{data: {k: v}}
< 200
{kind: ConfigMap}
> PATCH $cm/b
+ content-type: application/merge-patch+json
? kind
{data: {k: v}}
< 200
{kind: ConfigMap}
> OPEN w $cm?watch=1&resourceVersion=$a&fieldSelector=metadata.name%3Db
< 200
> READ w 2
? type object.metadata.name
< events
[{type: ADDED, object.metadata.name: b}, {type: MODIFIED, object.metadata.name: b}]
`,
  },
  {
    name: "watch of one object by its path with watch=1",
    given: THREE_CONFIG_MAPS,
    talk: `
> PATCH $cm/b
+ content-type: application/merge-patch+json
? kind
{data: {k: v}}
< 200
{kind: ConfigMap}
> OPEN w $cm/b?watch=1&resourceVersion=$a
< 200
> READ w 2
? type object.metadata.name
< events
[{}]
`,
  },
  {
    name: "watch with a label selector: objects that start and stop to match",
    given: THREE_CONFIG_MAPS,
    talk: `
> PATCH $cm/b
+ content-type: application/merge-patch+json
? kind
{metadata: {labels: {x: "1"}}}
< 200
{kind: ConfigMap}
> PATCH $cm/a
+ content-type: application/merge-patch+json
? kind
{metadata: {labels: {x: "9"}}}
< 200
{kind: ConfigMap}
> PATCH $cm/a
+ content-type: application/merge-patch+json
? kind
{metadata: {labels: {z: "9"}}}
< 200
{kind: ConfigMap}
> DELETE $cm/a
? kind
< 200
{kind: Status}
> DELETE $cm/c
? kind
< 200
{kind: Status}
> OPEN w $cm?watch=1&resourceVersion=$c&labelSelector=x%3D1
< 200
> READ w 3
? type object.metadata.name object.metadata.labels
< events
- {type: ADDED, object.metadata.name: b, object.metadata.labels: {x: "1"}}
- {type: DELETED, object.metadata.name: a, object.metadata.labels: {x: "1", y: k}}
- {type: DELETED, object.metadata.name: c, object.metadata.labels: {x: "1"}}
`,
  },
  {
    name: "watch with initial events and bookmark (sendInitialEvents)",
    given: THREE_CONFIG_MAPS,
    talk: `
> OPEN w $cm?watch=1&sendInitialEvents=true&resourceVersionMatch=NotOlderThan&allowWatchBookmarks=true
< 200
> READ w 4
? type object.kind object.metadata.name object.metadata.annotations
< events
- {type: ADDED, object.kind: ConfigMap, object.metadata.name: a}
- {type: ADDED, object.kind: ConfigMap, object.metadata.name: b}
- {type: ADDED, object.kind: ConfigMap, object.metadata.name: c}
- {type: BOOKMARK, object.kind: ConfigMap, object.metadata.annotations: {k8s.io/initial-events-end: "true"}}
`,
  },
  {
    name: "sendInitialEvents wants resourceVersionMatch",
    talk: `
> OPEN w $cm?watch=1&sendInitialEvents=true
< 422
Invalid: 'ListOptions.meta.k8s.io ""'
causes:
  - "FieldValueForbidden resourceVersionMatch: Forbidden: sendInitialEvents requires setting resourceVersionMatch to NotOlderThan"
> OPEN w $cm?watch=1&resourceVersionMatch=NotOlderThan
< 422
Invalid: 'ListOptions.meta.k8s.io ""'
causes:
  - "FieldValueForbidden resourceVersionMatch: Forbidden: resourceVersionMatch is forbidden for watch unless sendInitialEvents is provided"
`,
  },
  {
    name: "watch ends after timeoutSeconds",
    given: THREE_CONFIG_MAPS,
    talk: `
> OPEN w $cm?watch=1&resourceVersion=$a&timeoutSeconds=1
< 200
> END w
? type object.metadata.name
< events
[{type: ADDED, object.metadata.name: b}, {type: ADDED, object.metadata.name: c}]
`,
  },
  {
    name: "a list at a forgotten resourceVersion is refused",
    talk: `
> GET $cm?resourceVersion=2&resourceVersionMatch=Exact
< 410
{Failure: {message: The resourceVersion for the provided list is too old., reason: Expired}}
> GET $cm?limit=1&continue=eyJ2IjoibWV0YS5rOHMuaW8vdjEiLCJydiI6Miwic3RhcnQiOiJhXHUwMDAwIn0
< 410
kind: Status
apiVersion: v1
metadata: {continue: $continue}
status: Failure
message: "The provided continue parameter is too old to display a consistent list result. You can start a new list without the continue parameter, or use the continue token in this response to retrieve the remainder of the results. Continuing with the provided token results in an inconsistent list - objects that were created, modified, or deleted between the time the first chunk was returned and now may show up in the list."
reason: Expired
code: 410
`,
  },
  {
    name: "watch from a forgotten resourceVersion says so in the stream",
    talk: `
> OPEN w $cm?watch=1&resourceVersion=1
< 200
> END w
< events
- type: ERROR
  object:
    kind: Status
    apiVersion: v1
    metadata: {}
    status: Failure
    message: "too old resource version: $rv ($rv)"
    reason: Expired
    code: 410
`,
  },
  {
    name: "watch from a resourceVersion that is no number is refused",
    talk: `
> OPEN w $cm?watch=1&resourceVersion=x
< 500
{Failure: {message: 'resourceVersion: Invalid value: "x": strconv.ParseUint: parsing "x": invalid syntax'}}
`,
  },
  {
    name: "watch with a bad selector is refused",
    talk: `
> OPEN w $cm?watch=1&labelSelector=(
< 400
{Failure: {message: "found '(', expected: !, identifier, or 'end of string'", reason: BadRequest}}
> OPEN w $cm?watch=1&fieldSelector=data.k%3Dv
< 400
Failure: {message: '"data.k" is not a known field selector: only "metadata.name", "metadata.namespace"', reason: BadRequest}
`,
  },
  {
    name: "watch with bad timeoutSeconds is refused",
    talk: `
> OPEN w $cm?watch=1&timeoutSeconds=x
< 400
{Failure: {message: 'strconv.ParseInt: parsing "x": invalid syntax', reason: BadRequest}}
`,
  },
  {
    name: "watch as a Table",
    given: THREE_CONFIG_MAPS,
    talk: `
> OPEN w $cm?watch=1&resourceVersion=$a
+ accept: application/json;as=Table;v=v1;g=meta.k8s.io
< 200
> READ w 2
? type object.kind object.columnDefinitions[].name object.rows[].cells
< events
- type: ADDED
  object.kind: Table
  "object.columnDefinitions[].name": [Name, Data, Age]
  "object.rows[].cells": [[b, 0, $age]]
- {type: ADDED, object.kind: Table, "object.rows[].cells": [[c, 0, $age]]}
`,
  },
  {
    name: "watch as PartialObjectMetadata",
    given: THREE_CONFIG_MAPS,
    talk: `
> OPEN w $cm?watch=1&resourceVersion=$b
+ accept: application/json;as=PartialObjectMetadata;v=v1;g=meta.k8s.io
< 200
> READ w 1
< events
- type: ADDED
  object:
    kind: PartialObjectMetadata
    apiVersion: meta.k8s.io/v1
    metadata: {name: c, namespace: $ns, uid: $uid, resourceVersion: $rv, creationTimestamp: $time, labels: {x: "1"}}
`,
  },
  {
    name: "watch of a collection that is deleted",
    given: THREE_CONFIG_MAPS,
    talk: `
> OPEN w $cm?watch=1&resourceVersion=$c
< 200
> DELETE $cm
? items[].metadata.name
< 200
{"items[].metadata.name": [a, b, c]}
> READ w 3
? type object.metadata.name
< events
- {type: DELETED, object.metadata.name: a}
- {type: DELETED, object.metadata.name: b}
- {type: DELETED, object.metadata.name: c}
`,
  },
  {
    name: "a dry run is not seen by watches",
    talk: `
> OPEN w $cm?watch=1
< 200
> POST $cm?dryRun=All
? metadata.name
{metadata: {name: dry}}
< 201
{metadata.name: dry}
> POST $cm
? metadata.name
{metadata: {name: a}}
< 201
{metadata.name: a}
> READ w 1
? type object.metadata.name
< events
[{type: ADDED, object.metadata.name: a}]
`,
  },
  {
    name: "watches see each change once, in order, whatever their number",
    talk: `
> OPEN w $cm?watch=1
< 200
> OPEN v $cm?watch=1&labelSelector=x
< 200
> POST $cm
? metadata.name
{metadata: {name: a, labels: {x: y}}}
< 201
{metadata.name: a}
> POST $cm
? metadata.name
{metadata: {name: b, labels: {}}}
< 201
{metadata.name: b}
> POST $cm
? metadata.name
{metadata: {name: c, labels: {x: z}}}
< 201
{metadata.name: c}
> READ w 3
? type object.metadata.name
< events
[{type: ADDED, object.metadata.name: a}, {type: ADDED, object.metadata.name: b}, {type: ADDED, object.metadata.name: c}]
> READ v 2
? type object.metadata.name
< events
[{type: ADDED, object.metadata.name: a}, {type: ADDED, object.metadata.name: c}]
`,
  },
  {
    name: "watch of an unknown resource is not found",
    talk: `
> OPEN w /api/v1/namespaces/$ns/nopes?watch=1
< 404
{Failure: {message: the server could not find the requested resource, reason: NotFound, details: {}}}
`,
  },
  {
    name: "watch over all namespaces",
    given: THREE_CONFIG_MAPS,
    talk: `
> OPEN w /api/v1/configmaps?watch=1&resourceVersion=$a&fieldSelector=metadata.namespace%3D$ns
< 200
> READ w 2
? type object.metadata.name object.metadata.namespace
< events
- {type: ADDED, object.metadata.name: b, object.metadata.namespace: $ns}
- {type: ADDED, object.metadata.name: c, object.metadata.namespace: $ns}
`,
  },
];

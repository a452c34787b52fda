/** Tables, partial objects and other forms of answers (Kubernetes API concepts, Alternate representations). */
import type { Case } from "./conversation.ts";

/** See the names. */
export const cases: readonly Case[] = [
  {
    name: "Table: ConfigMaps",
    talk: `
> POST $cm
? metadata.name
{metadata: {name: a}, data: {k: v, l: w}}
< 201
{metadata.name: a}
> GET $cm
+ accept: application/json;as=Table;v=v1;g=meta.k8s.io
? kind apiVersion metadata columnDefinitions[].name columnDefinitions[].type columnDefinitions[].format columnDefinitions[].priority rows
< 200
kind: Table
apiVersion: meta.k8s.io/v1
metadata: {resourceVersion: $rv}
"columnDefinitions[].name": [Name, Data, Age]
"columnDefinitions[].type": [string, string, string]
"columnDefinitions[].format": [name, "", ""]
"columnDefinitions[].priority": [0, 0, 0]
rows:
  - cells: [a, 2, $age]
    object:
      kind: PartialObjectMetadata
      apiVersion: meta.k8s.io/v1
      metadata:
        name: a
        namespace: $ns
        uid: $uid
        resourceVersion: $rv
        creationTimestamp: $time
        managedFields:
          - manager: Deno
            operation: Update
            apiVersion: v1
            time: $time
            fieldsType: FieldsV1
            fieldsV1: {"f:data": {".": {}, "f:k": {}, "f:l": {}}}
`,
  },
  {
    name: "Table: Machines have the columns of the CRD",
    talk: `
> POST $machines
? metadata.name
{apiVersion: unbounded-cloud.io/v1alpha3, kind: Machine, metadata: {name: $ns-a}, spec: {ssh: {host: h, privateKeyRef: {name: n, namespace: o}}, kubernetes: {version: v1.30.0, bootstrapTokenRef: {name: t}}}}
< 201
{metadata.name: $ns-a}
> GET $machines?fieldSelector=metadata.name%3D$ns-a
+ accept: application/json;as=Table;v=v1;g=meta.k8s.io,application/json
? kind apiVersion columnDefinitions[].name columnDefinitions[].type columnDefinitions[].priority columnDefinitions[1] rows
< 200
kind: Table
apiVersion: meta.k8s.io/v1
"columnDefinitions[].name": [Name, Host, Phase, K8s Version, Age, IP, MAC, Image, Power, Repaved, CloudInit]
"columnDefinitions[].type": [string, string, string, string, date, string, string, string, string, string, string]
"columnDefinitions[].priority": [0, 0, 0, 0, 0, 1, 1, 1, 1, 1, 1]
"columnDefinitions[1]":
  name: Host
  type: string
  format: ""
  description: "Custom resource definition column (in JSONPath format): .spec.ssh.host"
  priority: 0
rows:
  - cells: [$ns-a, h, null, v1.30.0, $age, null, null, null, null, null, null]
    object:
      kind: PartialObjectMetadata
      apiVersion: meta.k8s.io/v1
      metadata:
        name: $ns-a
        uid: $uid
        resourceVersion: $rv
        generation: 1
        creationTimestamp: $time
        managedFields:
          - manager: Deno
            operation: Update
            apiVersion: unbounded-cloud.io/v1alpha3
            time: $time
            fieldsType: FieldsV1
            fieldsV1:
              "f:spec":
                ".": {}
                "f:kubernetes": {".": {}, "f:bootstrapTokenRef": {".": {}, "f:name": {}}, "f:version": {}}
                "f:ssh":
                  ".": {}
                  "f:host": {}
                  "f:privateKeyRef": {".": {}, "f:key": {}, "f:name": {}, "f:namespace": {}}
                  "f:username": {}
> PATCH $machines/$ns-a
+ content-type: application/merge-patch+json
? metadata.generation
{spec: {pxe: {image: i, dhcpLeases: [{mac: aa:bb:cc:dd:ee:01, ipv4: 10.0.0.1, subnetMask: 255.0.0.0, gateway: 10.0.0.2}]}}}
< 200
{metadata.generation: 2}
> PATCH $machines/$ns-a/status
+ content-type: application/merge-patch+json
? metadata.generation
{status: {conditions: [{type: PoweredOff, status: "False", reason: PoweringOff, message: m, lastTransitionTime: "2026-01-01T00:00:00Z"}, {type: Repaved, status: "False", reason: Pending, message: m, lastTransitionTime: "2026-01-01T00:00:00Z"}]}}
< 200
{metadata.generation: 2}
> GET $machines/$ns-a
+ accept: application/json;as=Table;v=v1;g=meta.k8s.io,application/json
? kind apiVersion columnDefinitions[].name rows[].cells
< 200
kind: Table
apiVersion: meta.k8s.io/v1
"columnDefinitions[].name": [Name, Host, Phase, K8s Version, Age, IP, MAC, Image, Power, Repaved, CloudInit]
"rows[].cells": [[$ns-a, h, null, v1.30.0, $age, 10.0.0.1, "aa:bb:cc:dd:ee:01", i, PoweringOff, Pending, null]]
`,
  },
  {
    name: "Table: includeObject",
    talk: `
> POST $cm
? metadata.name
{metadata: {name: a}, data: {k: v}}
< 201
{metadata.name: a}
> GET $cm?includeObject=None
+ accept: application/json;as=Table;v=v1;g=meta.k8s.io
? rows
< 200
{rows: [{cells: [a, 1, $age], object: null}]}
> GET $cm?includeObject=Object
+ accept: application/json;as=Table;v=v1;g=meta.k8s.io
? rows[].object.kind rows[].object.data
< 200
{"rows[].object.kind": [ConfigMap], "rows[].object.data": [{k: v}]}
> GET $cm?includeObject=Metadata
+ accept: application/json;as=Table;v=v1;g=meta.k8s.io
? rows[].object.kind rows[].object.apiVersion
< 200
{"rows[].object.kind": [PartialObjectMetadata], "rows[].object.apiVersion": [meta.k8s.io/v1]}
> GET $cm?includeObject=Nonsense
+ accept: application/json;as=Table;v=v1;g=meta.k8s.io
< 400
Failure:
  message: 'Unable to convert to Table as requested: includeObject: Invalid value: "Nonsense": must be ''Metadata'', ''Object'', ''None'', or empty'
  reason: BadRequest
`,
  },
  {
    name: "Table: secrets",
    talk: `
> POST /api/v1/namespaces/$ns/secrets
? metadata.name
{metadata: {name: a}, data: {k: dg==}}
< 201
{metadata.name: a}
> GET /api/v1/namespaces/$ns/secrets
+ accept: application/json;as=Table;v=v1;g=meta.k8s.io
? columnDefinitions[].name columnDefinitions[].type columnDefinitions[].priority rows[].cells
< 200
"columnDefinitions[].name": [Name, Type, Data, Age]
"columnDefinitions[].type": [string, string, string, string]
"columnDefinitions[].priority": [0, 0, 0, 0]
"rows[].cells": [[a, Opaque, 1, $age]]
`,
  },
  {
    name: "Table: serviceaccounts",
    talk: `
> POST /api/v1/namespaces/$ns/serviceaccounts
? metadata.name
{metadata: {name: a}}
< 201
{metadata.name: a}
> GET /api/v1/namespaces/$ns/serviceaccounts
+ accept: application/json;as=Table;v=v1;g=meta.k8s.io
? columnDefinitions[].name columnDefinitions[].type columnDefinitions[].priority rows[].cells
< 200
"columnDefinitions[].name": [Name, Age]
"columnDefinitions[].type": [string, string]
"columnDefinitions[].priority": [0, 0]
"rows[].cells": [[a, $age]]
`,
  },
  {
    name: "Table: services",
    talk: `
> POST /api/v1/namespaces/$ns/services
? metadata.name
{metadata: {name: a}, spec: {selector: {app: a}, clusterIP: None, ports: [{name: p, port: 80}, {name: q, port: 53, protocol: UDP}]}}
< 201
{metadata.name: a}
> GET /api/v1/namespaces/$ns/services
+ accept: application/json;as=Table;v=v1;g=meta.k8s.io
? columnDefinitions[].name columnDefinitions[].type columnDefinitions[].priority rows[].cells
< 200
"columnDefinitions[].name": [Name, Type, Cluster-IP, External-IP, Port(s), Age, Selector]
"columnDefinitions[].type": [string, string, string, string, string, string, string]
"columnDefinitions[].priority": [0, 0, 0, 0, 0, 0, 1]
"rows[].cells": [[a, ClusterIP, None, "<none>", "80/TCP,53/UDP", $age, "app=a"]]
`,
  },
  {
    name: "Table: events",
    talk: `
> POST /api/v1/namespaces/$ns/events
? metadata.name
{metadata: {name: a}, involvedObject: {kind: ConfigMap, name: x, namespace: $ns}, reason: R, type: Warning, message: M, source: {component: c, host: h}, count: 3}
< 201
{metadata.name: a}
> GET /api/v1/namespaces/$ns/events
+ accept: application/json;as=Table;v=v1;g=meta.k8s.io
? columnDefinitions[].name columnDefinitions[].type columnDefinitions[].priority rows[].cells
< 200
"columnDefinitions[].name": [Last Seen, Type, Reason, Object, Subobject, Source, Message, First Seen, Count, Name]
"columnDefinitions[].type": [string, string, string, string, string, string, string, string, string, string]
"columnDefinitions[].priority": [0, 0, 0, 0, 1, 1, 0, 1, 1, 1]
"rows[].cells": [["<unknown>", Warning, R, configmap/x, "", "c, h", M, "<unknown>", 3, a]]
`,
  },
  {
    name: "Table: leases",
    talk: `
> POST /apis/coordination.k8s.io/v1/namespaces/$ns/leases
? metadata.name
{metadata: {name: a}, spec: {holderIdentity: h}}
< 201
{metadata.name: a}
> GET /apis/coordination.k8s.io/v1/namespaces/$ns/leases
+ accept: application/json;as=Table;v=v1;g=meta.k8s.io
? columnDefinitions[].name columnDefinitions[].type columnDefinitions[].priority rows[].cells
< 200
"columnDefinitions[].name": [Name, Holder, Age]
"columnDefinitions[].type": [string, string, string]
"columnDefinitions[].priority": [0, 0, 0]
"rows[].cells": [[a, h, $age]]
`,
  },
  {
    name: "Table: deployments",
    talk: `
> POST /apis/apps/v1/namespaces/$ns/deployments
? metadata.name
{metadata: {name: a}, spec: {selector: {matchLabels: {app: a}}, template: {metadata: {labels: {app: a}}, spec: {containers: [{name: c, image: i}]}}}}
< 201
{metadata.name: a}
> GET /apis/apps/v1/namespaces/$ns/deployments
+ accept: application/json;as=Table;v=v1;g=meta.k8s.io
? columnDefinitions[].name columnDefinitions[].type columnDefinitions[].priority rows[].cells
< 200
"columnDefinitions[].name": [Name, Ready, Up-to-date, Available, Age, Containers, Images, Selector]
"columnDefinitions[].type": [string, string, string, string, string, string, string, string]
"columnDefinitions[].priority": [0, 0, 0, 0, 0, 1, 1, 1]
"rows[].cells": [[a, "0/1", 0, 0, $age, c, i, "app=a"]]
`,
  },
  {
    name: "Table: namespaces",
    talk: `
> GET /api/v1/namespaces?fieldSelector=metadata.name%3D$ns
+ accept: application/json;as=Table;v=v1;g=meta.k8s.io
? columnDefinitions[].name columnDefinitions[].type columnDefinitions[].priority rows[].cells
< 200
"columnDefinitions[].name": [Name, Status, Age]
"columnDefinitions[].type": [string, string, string]
"columnDefinitions[].priority": [0, 0, 0]
"rows[].cells": [[$ns, Active, $age]]
> GET /api/v1/namespaces/$ns
? status.phase
< 200
{status.phase: Active}
`,
  },
  {
    name: "Table: nodes",
    talk: `
> POST /api/v1/nodes
? metadata.name
{metadata: {name: $ns-a, labels: {node-role.kubernetes.io/worker: ""}}}
< 201
{metadata.name: $ns-a}
> PATCH /api/v1/nodes/$ns-a/status
+ content-type: application/merge-patch+json
? metadata.name
{status: {conditions: [{type: Ready, status: "True"}], addresses: [{type: InternalIP, address: 10.0.0.1}], nodeInfo: {kubeletVersion: v1.2.3, osImage: O, kernelVersion: K, containerRuntimeVersion: C, machineID: "", systemUUID: "", bootID: "", kubeProxyVersion: "", operatingSystem: "", architecture: ""}}}
< 200
{metadata.name: $ns-a}
> GET /api/v1/nodes/$ns-a
+ accept: application/json;as=Table;v=v1;g=meta.k8s.io
? columnDefinitions[].name columnDefinitions[].type columnDefinitions[].priority rows[].cells
< 200
"columnDefinitions[].name": [Name, Status, Roles, Age, Version, Internal-IP, External-IP, OS-Image, Kernel-Version, Container-Runtime]
"columnDefinitions[].type": [string, string, string, string, string, string, string, string, string, string]
"columnDefinitions[].priority": [0, 0, 0, 0, 0, 1, 1, 1, 1, 1]
"rows[].cells": [[$ns-a, Ready, worker, $age, v1.2.3, "10.0.0.1", "<none>", O, K, C]]
> DELETE /api/v1/nodes/$ns-a
? status
< 200
{status: Success}
`,
  },
  {
    name: "PartialObjectMetadata of one object and of a list",
    talk: `
> POST $cm
? metadata.name
{metadata: {name: a, labels: {l: v}}, data: {k: v}}
< 201
{metadata.name: a}
> GET $cm/a
+ accept: application/json;as=PartialObjectMetadata;v=v1;g=meta.k8s.io
< 200
kind: PartialObjectMetadata
apiVersion: meta.k8s.io/v1
metadata: {name: a, namespace: $ns, uid: $uid, resourceVersion: $rv, creationTimestamp: $time, labels: {l: v}}
> GET $cm
+ accept: application/json;as=PartialObjectMetadataList;v=v1;g=meta.k8s.io
< 200
kind: PartialObjectMetadataList
apiVersion: meta.k8s.io/v1
metadata: {resourceVersion: $rv}
items:
  - kind: PartialObjectMetadata
    apiVersion: meta.k8s.io/v1
    metadata: {name: a, namespace: $ns, uid: $uid, resourceVersion: $rv, creationTimestamp: $time, labels: {l: v}}
`,
  },
  {
    name: "a form that nobody speaks is not acceptable",
    talk: `
> GET $cm
+ accept: application/json;as=Nonsense;v=v1;g=meta.k8s.io
< 406
Failure:
  message: "only the following media types are accepted: application/json, application/yaml, application/vnd.kubernetes.protobuf"
  reason: NotAcceptable
`,
  },
  {
    name: "a type that nobody speaks is not acceptable",
    talk: `
> GET $cm
+ accept: text/html
< 406
Failure:
  message: "406: Not Acceptable\\n\\nAvailable representations: application/json, application/yaml, application/vnd.kubernetes.protobuf, application/json;stream=watch, application/vnd.kubernetes.protobuf;stream=watch"
  reason: NotAcceptable
  details: {}
`,
  },
  {
    name: "protobuf comes where it is asked for",
    talk: `
> GET $cm
+ accept: application/vnd.kubernetes.protobuf,application/json
? kind
< 200
! content-type: application/vnd.kubernetes.protobuf
{}
`,
  },
  {
    name: "YAML comes where it is asked for",
    talk: `
> GET /apis/unbounded-cloud.io
+ accept: application/yaml
< 200
! content-type: application/yaml
"apiVersion: v1\\nkind: APIGroup\\nname: unbounded-cloud.io\\npreferredVersion:\\n  groupVersion: unbounded-cloud.io/v1alpha3\\n  version: v1alpha3\\nversions:\\n- groupVersion: unbounded-cloud.io/v1alpha3\\n  version: v1alpha3\\n"
> GET $cm/none
+ accept: application/yaml
< 404
! content-type: application/yaml
"apiVersion: v1\\ncode: 404\\ndetails:\\n  kind: configmaps\\n  name: none\\nkind: Status\\nmessage: configmaps \\"none\\" not found\\nmetadata: {}\\nreason: NotFound\\nstatus: Failure\\n"
`,
  },
  {
    name: "anything is JSON",
    talk: `
> GET $cm
+ accept: */*
? kind
< 200
{kind: ConfigMapList}
> GET $cm
+ accept: text/html, */*;q=0.8
? kind
< 200
{kind: ConfigMapList}
`,
  },
];

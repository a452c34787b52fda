/** What each kind adds: defaults, rules and subresources of its own. */
import type { Case } from "./conversation.ts";

/** See the names. */
export const cases: readonly Case[] = [
  {
    name: "Secret: type, data and stringData",
    talk: `
> POST /api/v1/namespaces/$ns/secrets
{metadata: {name: a}, data: {k: dg==}, stringData: {s: text}}
< 201
kind: Secret
apiVersion: v1
metadata: {name: a, namespace: $ns, uid: $uid, resourceVersion: $rv, creationTimestamp: $time}
data: {k: "dg==", s: "dGV4dA=="}
type: Opaque
> GET /api/v1/namespaces/$ns/secrets/a
< 200
kind: Secret
apiVersion: v1
metadata: {name: a, namespace: $ns, uid: $uid, resourceVersion: $rv, creationTimestamp: $time}
data: {k: "dg==", s: "dGV4dA=="}
type: Opaque
> POST /api/v1/namespaces/$ns/secrets
{metadata: {name: d}, type: kubernetes.io/dockerconfigjson, data: {.dockerconfigjson: e30=}}
< 201
kind: Secret
apiVersion: v1
metadata: {name: d, namespace: $ns, uid: $uid, resourceVersion: $rv, creationTimestamp: $time}
data: {".dockerconfigjson": "e30="}
type: kubernetes.io/dockerconfigjson
`,
  },
  {
    name: "Secret: data that is not base64 is refused",
    talk: `
> POST /api/v1/namespaces/$ns/secrets
{metadata: {name: a}, data: {k: "not base64!"}}
< 400
Failure:
  message: 'Secret in version "v1" cannot be handled as a Secret: illegal base64 data at input byte 3'
  reason: BadRequest
`,
  },
  {
    name: "Secret: patches of stringData are written into data",
    talk: `
> POST /api/v1/namespaces/$ns/secrets
? data
{metadata: {name: a}, data: {k: dg==}}
< 201
{data: {k: "dg=="}}
> PATCH /api/v1/namespaces/$ns/secrets/a
+ content-type: application/merge-patch+json
? data stringData
{stringData: {k: new, l: more}}
< 200
{data: {k: bmV3, l: "bW9yZQ=="}}
> PATCH /api/v1/namespaces/$ns/secrets/a
+ content-type: application/strategic-merge-patch+json
? data
{data: {k: null}}
< 200
{data: {l: "bW9yZQ=="}}
`,
  },
  {
    name: "Secret: bad keys and a missing key of its type are refused",
    talk: `
> POST /api/v1/namespaces/$ns/secrets
{metadata: {name: a}, data: {"a b": dg==}}
< 422
Invalid: 'Secret "a"'
causes:
  - 'FieldValueInvalid data[a b]: Invalid value: "a b": a valid config key must consist of alphanumeric characters, ''-'', ''_'' or ''.'' (e.g. ''key.name'',  or ''KEY_NAME'',  or ''key-name'', regex used for validation is ''[-._a-zA-Z0-9]+'')'
> POST /api/v1/namespaces/$ns/secrets
{metadata: {name: a}, type: kubernetes.io/dockerconfigjson}
< 422
{Invalid: 'Secret "a"', causes: ["FieldValueRequired data[.dockerconfigjson]: Required value"]}
`,
  },
  {
    name: "Secret: the type and what is immutable cannot change",
    talk: `
> POST /api/v1/namespaces/$ns/secrets
? type immutable
{metadata: {name: a}, immutable: true, data: {k: dg==}}
< 201
{type: Opaque, immutable: true}
> PUT /api/v1/namespaces/$ns/secrets/a
{metadata: {name: a}, immutable: true, data: {k: eA==}}
< 422
{Invalid: 'Secret "a"', causes: ["FieldValueForbidden data: Forbidden: field is immutable when \`immutable\` is set"]}
> PUT /api/v1/namespaces/$ns/secrets/a
{metadata: {name: a}, immutable: true, type: other, data: {k: dg==}}
< 422
{Invalid: 'Secret "a"', causes: ['FieldValueInvalid type: Invalid value: "other": field is immutable']}
`,
  },
  {
    name: "ConfigMap: bad keys are refused",
    talk: `
> POST $cm
{metadata: {name: a}, data: {"a b": v}}
< 422
Invalid: 'ConfigMap "a"'
causes:
  - 'FieldValueInvalid data[a b]: Invalid value: "a b": a valid config key must consist of alphanumeric characters, ''-'', ''_'' or ''.'' (e.g. ''key.name'',  or ''KEY_NAME'',  or ''key-name'', regex used for validation is ''[-._a-zA-Z0-9]+'')'
> POST $cm
{metadata: {name: a}, data: {k: v}, binaryData: {k: dg==}}
< 422
Invalid: 'ConfigMap "a"'
causes: ['FieldValueInvalid data[k]: Invalid value: "k": duplicate of key present in binaryData']
`,
  },
  {
    name: "Lease: times keep their microseconds",
    talk: `
> POST /apis/coordination.k8s.io/v1/namespaces/$ns/leases
{metadata: {name: a}, spec: {holderIdentity: h, leaseDurationSeconds: 15, leaseTransitions: 0, acquireTime: "2024-05-01T10:00:00.123456Z", renewTime: "2024-05-01T10:00:01.5Z"}}
< 400
Failure:
  message: 'Lease in version "v1" cannot be handled as a Lease: parsing time "2024-05-01T10:00:01.5Z" as "2006-01-02T15:04:05.000000Z07:00": cannot parse ".5Z" as ".000000"'
  reason: BadRequest
`,
  },
  {
    name: "Lease: bad durations are refused",
    talk: `
> POST /apis/coordination.k8s.io/v1/namespaces/$ns/leases
{metadata: {name: a}, spec: {holderIdentity: h, leaseDurationSeconds: 0, leaseTransitions: -1}}
< 422
Invalid: 'Lease.coordination.k8s.io "a"'
causes:
  - "FieldValueInvalid spec.leaseDurationSeconds: Invalid value: 0: must be greater than 0"
  - "FieldValueInvalid spec.leaseTransitions: Invalid value: -1: must be greater than or equal to 0"
`,
  },
  {
    name: "Event: what clients write",
    talk: `
> POST /api/v1/namespaces/$ns/events
{metadata: {name: a}, involvedObject: {kind: ConfigMap, name: x, namespace: $ns}, reason: R, message: M, type: Normal, source: {component: c}, firstTimestamp: "2024-05-01T10:00:00Z", lastTimestamp: "2024-05-01T10:00:00Z", count: 1}
< 201
kind: Event
apiVersion: v1
metadata: {name: a, namespace: $ns, uid: $uid, resourceVersion: $rv, creationTimestamp: $time}
involvedObject: {kind: ConfigMap, namespace: $ns, name: x}
reason: R
message: M
source: {component: c}
firstTimestamp: "2024-05-01T10:00:00Z"
lastTimestamp: "2024-05-01T10:00:00Z"
count: 1
type: Normal
eventTime: null
reportingComponent: ""
reportingInstance: ""
> PATCH /api/v1/namespaces/$ns/events/a
+ content-type: application/strategic-merge-patch+json
? count lastTimestamp metadata.name
{count: 2, lastTimestamp: "2024-05-01T11:00:00Z"}
< 200
{count: 2, lastTimestamp: "2024-05-01T11:00:00Z", metadata.name: a}
`,
  },
  {
    name: "Event: the namespace must be the involved object's",
    talk: `
> POST /api/v1/namespaces/$ns/events
{metadata: {name: a}, involvedObject: {kind: ConfigMap, name: x, namespace: other}, reason: R}
< 422
Invalid: 'Event "a"'
causes: ['FieldValueInvalid involvedObject.namespace: Invalid value: "other": does not match event.namespace']
`,
  },
  {
    name: "Namespace: create, get, update",
    talk: `
> POST /api/v1/namespaces
{metadata: {name: $ns-x}}
< 201
kind: Namespace
apiVersion: v1
metadata: {name: $ns-x, uid: $uid, resourceVersion: $rv, creationTimestamp: $time, labels: {kubernetes.io/metadata.name: $ns-x}}
spec: {finalizers: [kubernetes]}
status: {phase: Active}
> GET /api/v1/namespaces/$ns-x
? metadata.labels spec status
< 200
{metadata.labels: {kubernetes.io/metadata.name: $ns-x}, spec: {finalizers: [kubernetes]}, status: {phase: Active}}
`,
  },
  {
    name: "Namespace: bad names are refused",
    talk: `
> POST /api/v1/namespaces
{metadata: {name: A_b}}
< 422
Invalid: 'Namespace "A_b"'
causes:
  - 'FieldValueInvalid metadata.name: Invalid value: "A_b": a lowercase RFC 1123 label must consist of lower case alphanumeric characters or ''-'', and must start and end with an alphanumeric character (e.g. ''my-name'',  or ''123-abc'', regex used for validation is ''[a-z0-9]([-a-z0-9]*[a-z0-9])?'')'
> POST /api/v1/namespaces
{metadata: {name: a.b}}
< 422
{Invalid: 'Namespace "a.b"', causes: ['FieldValueInvalid metadata.name: Invalid value: "a.b": must not contain dots']}
`,
  },
  {
    name: "ServiceAccount: create and get",
    talk: `
> POST /api/v1/namespaces/$ns/serviceaccounts
{metadata: {name: a}}
< 201
kind: ServiceAccount
apiVersion: v1
metadata: {name: a, namespace: $ns, uid: $uid, resourceVersion: $rv, creationTimestamp: $time}
> GET /api/v1/namespaces/$ns/serviceaccounts/a
< 200
kind: ServiceAccount
apiVersion: v1
metadata: {name: a, namespace: $ns, uid: $uid, resourceVersion: $rv, creationTimestamp: $time}
`,
  },
  {
    name: "Node: create",
    talk: `
> POST /api/v1/nodes
? kind status
{metadata: {name: $ns-a}, spec: {unschedulable: true}}
< 201
kind: Node
status:
  daemonEndpoints: {kubeletEndpoint: {Port: 0}}
  nodeInfo:
    machineID: ""
    systemUUID: ""
    bootID: ""
    kernelVersion: ""
    osImage: ""
    containerRuntimeVersion: ""
    kubeletVersion: ""
    kubeProxyVersion: ""
    operatingSystem: ""
    architecture: ""
> DELETE /api/v1/nodes/$ns-a
< 200
{kind: Status, apiVersion: v1, metadata: {}, status: Success, details: {name: $ns-a, kind: nodes, uid: $uid}}
`,
  },
  {
    name: "Node: a new one is tainted until it is ready",
    talk: `
> POST /api/v1/nodes
? spec
{metadata: {name: $ns-a}}
< 201
{spec: {taints: [{key: node.kubernetes.io/not-ready, effect: NoSchedule}]}}
> DELETE /api/v1/nodes/$ns-a
? status
< 200
{status: Success}
`,
  },
  {
    name: "Node: conditions of its status merge by type",
    talk: `
> POST /api/v1/nodes
? metadata.name
{metadata: {name: $ns-a}}
< 201
{metadata.name: $ns-a}
> PATCH /api/v1/nodes/$ns-a/status
+ content-type: application/strategic-merge-patch+json
? status.conditions status.addresses
{status: {conditions: [{type: Ready, status: "True", reason: R, message: M}], addresses: [{type: InternalIP, address: 10.0.0.1}]}}
< 200
status.conditions: [{type: Ready, status: "True", lastHeartbeatTime: null, lastTransitionTime: null, reason: R, message: M}]
status.addresses: [{type: InternalIP, address: "10.0.0.1"}]
> PATCH /api/v1/nodes/$ns-a/status
+ content-type: application/strategic-merge-patch+json
? status.conditions
{status: {conditions: [{type: DiskPressure, status: "False"}, {type: Ready, status: "False"}]}}
< 200
status.conditions:
  - {type: DiskPressure, status: "False", lastHeartbeatTime: null, lastTransitionTime: null}
  - {type: Ready, status: "False", lastHeartbeatTime: null, lastTransitionTime: null, reason: R, message: M}
> DELETE /api/v1/nodes/$ns-a
? status
< 200
{status: Success}
`,
  },
  {
    name: "Service: defaults",
    talk: `
> POST /api/v1/namespaces/$ns/services
{metadata: {name: a}, spec: {selector: {app: a}, ports: [{port: 80}]}}
< 201
kind: Service
apiVersion: v1
metadata: {name: a, namespace: $ns, uid: $uid, resourceVersion: $rv, creationTimestamp: $time}
spec:
  ports: [{protocol: TCP, port: 80, targetPort: 80}]
  selector: {app: a}
  clusterIP: $ip
  clusterIPs: [$ip]
  type: ClusterIP
  sessionAffinity: None
  ipFamilies: [IPv4]
  ipFamilyPolicy: SingleStack
  internalTrafficPolicy: Cluster
status: {loadBalancer: {}}
`,
  },
  {
    name: "Service: what is missing",
    talk: `
> POST /api/v1/namespaces/$ns/services
{metadata: {name: a}, spec: {}}
< 422
{Invalid: 'Service "a"', causes: ["FieldValueRequired spec.ports: Required value"]}
> POST /api/v1/namespaces/$ns/services
{metadata: {name: a}, spec: {ports: [{port: 0}]}}
< 422
Invalid: 'Service "a"'
causes:
  - "FieldValueInvalid spec.ports[0].port: Invalid value: 0: must be between 1 and 65535, inclusive"
  - "FieldValueInvalid spec.ports[0].targetPort: Invalid value: 0: must be between 1 and 65535, inclusive"
`,
  },
  {
    name: "Deployment: defaults",
    talk: `
> POST /apis/apps/v1/namespaces/$ns/deployments
{metadata: {name: a}, spec: {selector: {matchLabels: {app: a}}, template: {metadata: {labels: {app: a}}, spec: {containers: [{name: c, image: i}]}}}}
< 201
kind: Deployment
apiVersion: apps/v1
metadata: {name: a, namespace: $ns, uid: $uid, resourceVersion: $rv, generation: 1, creationTimestamp: $time}
spec:
  replicas: 1
  selector: {matchLabels: {app: a}}
  template:
    metadata: {labels: {app: a}}
    spec:
      containers:
        - name: c
          image: i
          resources: {}
          terminationMessagePath: /dev/termination-log
          terminationMessagePolicy: File
          imagePullPolicy: Always
      restartPolicy: Always
      terminationGracePeriodSeconds: 30
      dnsPolicy: ClusterFirst
      securityContext: {}
      schedulerName: default-scheduler
  strategy: {type: RollingUpdate, rollingUpdate: {maxUnavailable: "25%", maxSurge: "25%"}}
  revisionHistoryLimit: 10
  progressDeadlineSeconds: 600
status: {}
`,
  },
  {
    name: "Deployment: what is missing",
    talk: `
> POST /apis/apps/v1/namespaces/$ns/deployments
{metadata: {name: a}, spec: {}}
< 422
Invalid: 'Deployment.apps "a"'
causes:
  - "FieldValueInvalid spec.template.metadata.labels: Invalid value: null: \`selector\` does not match template \`labels\`"
  - "FieldValueRequired spec.selector: Required value"
  - "FieldValueRequired spec.template.spec.containers: Required value"
> POST /apis/apps/v1/namespaces/$ns/deployments
{metadata: {name: a}, spec: {selector: {matchLabels: {app: b}}, template: {metadata: {labels: {app: a}}, spec: {containers: [{name: c, image: i}]}}}}
< 422
Invalid: 'Deployment.apps "a"'
causes:
  - 'FieldValueInvalid spec.template.metadata.labels: Invalid value: {"app":"a"}: \`selector\` does not match template \`labels\`'
`,
  },
  {
    name: "Deployment: a spec change counts the generation, a status change does not",
    talk: `
> POST /apis/apps/v1/namespaces/$ns/deployments
? metadata.generation
{metadata: {name: a}, spec: {selector: {matchLabels: {app: a}}, template: {metadata: {labels: {app: a}}, spec: {containers: [{name: c, image: i}]}}}}
< 201
{metadata.generation: 1}
> PATCH /apis/apps/v1/namespaces/$ns/deployments/a
+ content-type: application/strategic-merge-patch+json
? metadata.generation spec.replicas
{spec: {replicas: 3}}
< 200
{metadata.generation: 2, spec.replicas: 3}
> PATCH /apis/apps/v1/namespaces/$ns/deployments/a/status
+ content-type: application/merge-patch+json
? metadata.generation status
{status: {replicas: 3}}
< 200
{metadata.generation: 2, status: {replicas: 3}}
`,
  },
];

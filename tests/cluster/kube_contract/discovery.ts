/** Discovery, legacy and aggregated, versions, OpenAPI and who is asking. */
import type { Case } from "./conversation.ts";

/** See the names. */
export const cases: readonly Case[] = [
  {
    name: "/version names a release of Kubernetes",
    talk: `
> GET /version
? major minor
< 200
{major: "1", minor: "35"}
`,
  },
  {
    name: "/api lists the core version",
    talk: `
> GET /api
? kind versions
< 200
{kind: APIVersions, versions: [v1]}
`,
  },
  {
    name: "/api/v1 describes ConfigMaps",
    talk: `
> GET /api/v1
? kind groupVersion resources[name=configmaps]
< 200
kind: APIResourceList
groupVersion: v1
"resources[name=configmaps]":
  name: configmaps
  singularName: configmap
  namespaced: true
  kind: ConfigMap
  verbs: [create, delete, deletecollection, get, list, patch, update, watch]
  shortNames: [cm]
`,
  },
  {
    name: "/api/v1 describes Secrets",
    talk: `
> GET /api/v1
? resources[name=secrets]
< 200
"resources[name=secrets]":
  name: secrets
  singularName: secret
  namespaced: true
  kind: Secret
  verbs: [create, delete, deletecollection, get, list, patch, update, watch]
`,
  },
  {
    name: "/api/v1 describes Namespaces with their status subresource",
    talk: `
> GET /api/v1
? resources[name=namespaces] resources[name=namespaces/status]
< 200
"resources[name=namespaces]":
  name: namespaces
  singularName: namespace
  namespaced: false
  kind: Namespace
  verbs: [create, delete, get, list, patch, update, watch]
  shortNames: [ns]
"resources[name=namespaces/status]": {name: namespaces/status, singularName: "", namespaced: false, kind: Namespace, verbs: [get, patch, update]}
`,
  },
  {
    name: "Namespaces have a finalize subresource",
    talk: `
> GET /api/v1
? resources[name=namespaces/finalize]
< 200
"resources[name=namespaces/finalize]": {name: namespaces/finalize, singularName: "", namespaced: false, kind: Namespace, verbs: [update]}
`,
  },
  {
    name: "/api/v1 describes ServiceAccounts with their token subresource",
    talk: `
> GET /api/v1
? resources[name=serviceaccounts] resources[name=serviceaccounts/token]
< 200
"resources[name=serviceaccounts]":
  name: serviceaccounts
  singularName: serviceaccount
  namespaced: true
  kind: ServiceAccount
  verbs: [create, delete, deletecollection, get, list, patch, update, watch]
  shortNames: [sa]
"resources[name=serviceaccounts/token]":
  name: serviceaccounts/token
  singularName: ""
  namespaced: true
  group: authentication.k8s.io
  version: v1
  kind: TokenRequest
  verbs: [create]
`,
  },
  {
    name: "/api/v1 describes Nodes and Services with their status subresources",
    talk: `
> GET /api/v1
? resources[name=nodes] resources[name=nodes/status] resources[name=services] resources[name=services/status]
< 200
"resources[name=nodes]":
  name: nodes
  singularName: node
  namespaced: false
  kind: Node
  verbs: [create, delete, deletecollection, get, list, patch, update, watch]
  shortNames: [no]
"resources[name=nodes/status]": {name: nodes/status, singularName: "", namespaced: false, kind: Node, verbs: [get, patch, update]}
"resources[name=services]":
  name: services
  singularName: service
  namespaced: true
  kind: Service
  verbs: [create, delete, deletecollection, get, list, patch, update, watch]
  shortNames: [svc]
  categories: [all]
"resources[name=services/status]": {name: services/status, singularName: "", namespaced: true, kind: Service, verbs: [get, patch, update]}
`,
  },
  {
    name: "/api/v1 describes Events",
    talk: `
> GET /api/v1
? resources[name=events]
< 200
"resources[name=events]":
  name: events
  singularName: event
  namespaced: true
  kind: Event
  verbs: [create, delete, deletecollection, get, list, patch, update, watch]
  shortNames: [ev]
`,
  },
  {
    name: "/apis lists our group and apps",
    talk: `
> GET /apis
? kind apiVersion groups[name=unbounded-cloud.io] groups[name=apps] groups[name=coordination.k8s.io]
< 200
kind: APIGroupList
apiVersion: v1
"groups[name=unbounded-cloud.io]":
  name: unbounded-cloud.io
  versions: [{groupVersion: unbounded-cloud.io/v1alpha3, version: v1alpha3}]
  preferredVersion: {groupVersion: unbounded-cloud.io/v1alpha3, version: v1alpha3}
"groups[name=apps]": {name: apps, versions: [{groupVersion: apps/v1, version: v1}], preferredVersion: {groupVersion: apps/v1, version: v1}}
"groups[name=coordination.k8s.io]":
  name: coordination.k8s.io
  versions: [{groupVersion: coordination.k8s.io/v1, version: v1}]
  preferredVersion: {groupVersion: coordination.k8s.io/v1, version: v1}
`,
  },
  {
    name: "/apis/unbounded-cloud.io is a group",
    talk: `
> GET /apis/unbounded-cloud.io
< 200
kind: APIGroup
apiVersion: v1
name: unbounded-cloud.io
versions: [{groupVersion: unbounded-cloud.io/v1alpha3, version: v1alpha3}]
preferredVersion: {groupVersion: unbounded-cloud.io/v1alpha3, version: v1alpha3}
`,
  },
  {
    name: "/apis/unbounded-cloud.io/v1alpha3 lists Machines and their status",
    talk: `
> GET /apis/unbounded-cloud.io/v1alpha3
< 200
kind: APIResourceList
apiVersion: v1
groupVersion: unbounded-cloud.io/v1alpha3
resources:
  - name: machines
    singularName: machine
    namespaced: false
    kind: Machine
    verbs: [delete, deletecollection, get, list, patch, create, update, watch]
    shortNames: [mach]
  - {name: machines/status, singularName: "", namespaced: false, kind: Machine, verbs: [get, patch, update]}
`,
  },
  {
    name: "/apis/apps/v1 describes Deployments and their status",
    talk: `
> GET /apis/apps/v1
? resources[name=deployments] resources[name=deployments/status]
< 200
"resources[name=deployments]":
  name: deployments
  singularName: deployment
  namespaced: true
  kind: Deployment
  verbs: [create, delete, deletecollection, get, list, patch, update, watch]
  shortNames: [deploy]
  categories: [all]
"resources[name=deployments/status]": {name: deployments/status, singularName: "", namespaced: true, kind: Deployment, verbs: [get, patch, update]}
`,
  },
  {
    name: "Deployments have a scale subresource",
    talk: `
> GET /apis/apps/v1
? resources[name=deployments/scale]
< 200
"resources[name=deployments/scale]":
  name: deployments/scale
  singularName: ""
  namespaced: true
  group: autoscaling
  version: v1
  kind: Scale
  verbs: [get, patch, update]
`,
  },
  {
    name: "/apis/coordination.k8s.io/v1 describes Leases",
    talk: `
> GET /apis/coordination.k8s.io/v1
< 200
kind: APIResourceList
apiVersion: v1
groupVersion: coordination.k8s.io/v1
resources:
  - name: leases
    singularName: lease
    namespaced: true
    kind: Lease
    verbs: [create, delete, deletecollection, get, list, patch, update, watch]
`,
  },
  {
    name: "/apis/authentication.k8s.io/v1 describes SelfSubjectReviews",
    talk: `
> GET /apis/authentication.k8s.io/v1
? groupVersion resources[name=selfsubjectreviews]
< 200
groupVersion: authentication.k8s.io/v1
"resources[name=selfsubjectreviews]":
  name: selfsubjectreviews
  singularName: selfsubjectreview
  namespaced: false
  kind: SelfSubjectReview
  verbs: [create]
`,
  },
  {
    name: "/apis/authorization.k8s.io/v1 describes SelfSubjectAccessReviews",
    talk: `
> GET /apis/authorization.k8s.io/v1
? groupVersion resources[name=selfsubjectaccessreviews]
< 200
groupVersion: authorization.k8s.io/v1
"resources[name=selfsubjectaccessreviews]":
  name: selfsubjectaccessreviews
  singularName: selfsubjectaccessreview
  namespaced: false
  kind: SelfSubjectAccessReview
  verbs: [create]
`,
  },
  {
    name: "aggregated discovery of the core group",
    talk: `
> GET /api
+ accept: application/json;g=apidiscovery.k8s.io;v=v2;as=APIGroupDiscoveryList
? kind apiVersion items[0].metadata items[0].versions[0].version items[0].versions[0].freshness items[0].versions[0].resources[resource=configmaps] items[0].versions[0].resources[resource=nodes].subresources[subresource=status] items[0].versions[0].resources[resource=serviceaccounts]
< 200
! content-type: application/json;g=apidiscovery.k8s.io;v=v2;as=APIGroupDiscoveryList
kind: APIGroupDiscoveryList
apiVersion: apidiscovery.k8s.io/v2
"items[0].metadata": {}
"items[0].versions[0].version": v1
"items[0].versions[0].freshness": Current
"items[0].versions[0].resources[resource=configmaps]":
  resource: configmaps
  responseKind: {group: "", version: "", kind: ConfigMap}
  scope: Namespaced
  singularResource: configmap
  verbs: [create, delete, deletecollection, get, list, patch, update, watch]
  shortNames: [cm]
"items[0].versions[0].resources[resource=nodes].subresources[subresource=status]": {subresource: status, responseKind: {group: "", version: "", kind: Node}, verbs: [get, patch, update]}
"items[0].versions[0].resources[resource=serviceaccounts]":
  resource: serviceaccounts
  responseKind: {group: "", version: "", kind: ServiceAccount}
  scope: Namespaced
  singularResource: serviceaccount
  verbs: [create, delete, deletecollection, get, list, patch, update, watch]
  shortNames: [sa]
  subresources:
    - subresource: token
      responseKind: {group: authentication.k8s.io, version: v1, kind: TokenRequest}
      verbs: [create]
`,
  },
  {
    name: "aggregated discovery of our group",
    talk: `
> GET /apis
+ accept: application/json;g=apidiscovery.k8s.io;v=v2;as=APIGroupDiscoveryList,application/json;g=apidiscovery.k8s.io;v=v2beta1;as=APIGroupDiscoveryList,application/json
? kind apiVersion items[metadata.name=unbounded-cloud.io]
< 200
! content-type: application/json;g=apidiscovery.k8s.io;v=v2;as=APIGroupDiscoveryList
kind: APIGroupDiscoveryList
apiVersion: apidiscovery.k8s.io/v2
"items[metadata.name=unbounded-cloud.io]":
  metadata: {name: unbounded-cloud.io}
  versions:
    - version: v1alpha3
      resources:
        - resource: machines
          responseKind: {group: unbounded-cloud.io, version: v1alpha3, kind: Machine}
          scope: Cluster
          singularResource: machine
          verbs: [delete, deletecollection, get, list, patch, create, update, watch]
          shortNames: [mach]
          subresources:
            - subresource: status
              responseKind: {group: unbounded-cloud.io, version: v1alpha3, kind: Machine}
              verbs: [get, patch, update]
      freshness: Current
`,
  },
  {
    name: "aggregated discovery of apps",
    talk: `
> GET /apis
+ accept: application/json;g=apidiscovery.k8s.io;v=v2;as=APIGroupDiscoveryList
? items[metadata.name=apps].metadata items[metadata.name=apps].versions[0].resources[resource=deployments].responseKind items[metadata.name=apps].versions[0].resources[resource=deployments].subresources[subresource=status] items[metadata.name=apps].versions[0].resources[resource=deployments].categories
< 200
! content-type: application/json;g=apidiscovery.k8s.io;v=v2;as=APIGroupDiscoveryList
"items[metadata.name=apps].metadata": {name: apps}
"items[metadata.name=apps].versions[0].resources[resource=deployments].responseKind": {group: "", version: "", kind: Deployment}
"items[metadata.name=apps].versions[0].resources[resource=deployments].subresources[subresource=status]": {subresource: status, responseKind: {group: "", version: "", kind: Deployment}, verbs: [get, patch, update]}
"items[metadata.name=apps].versions[0].resources[resource=deployments].categories": [all]
`,
  },
  {
    name: "discovery falls back to the legacy form when the accepted types say so",
    talk: `
> GET /apis
+ accept: application/json;g=apidiscovery.k8s.io;v=v9;as=APIGroupDiscoveryList,application/json
? kind groups[name=unbounded-cloud.io].name
< 200
{kind: APIGroupList, "groups[name=unbounded-cloud.io].name": unbounded-cloud.io}
`,
  },
  {
    name: "an unknown group is not found",
    talk: `
> GET /apis/nope.example.com
< 404
! content-type: text/plain; charset=utf-8
"404 page not found\\n"
> GET /apis/nope.example.com/v1
< 404
! content-type: text/plain; charset=utf-8
"404 page not found\\n"
> GET /apis/nope.example.com/v1/things
< 404
! content-type: text/plain; charset=utf-8
"404 page not found\\n"
`,
  },
  {
    name: "an unknown version of our group is not found",
    talk: `
> GET /apis/unbounded-cloud.io/v9
< 404
! content-type: text/plain; charset=utf-8
"404 page not found\\n"
> GET /apis/unbounded-cloud.io/v9/machines
< 404
! content-type: text/plain; charset=utf-8
"404 page not found\\n"
`,
  },
  {
    name: "an unknown resource is not found",
    talk: `
> GET /api/v1/nopes
< 404
{Failure: {message: the server could not find the requested resource, reason: NotFound, details: {}}}
> GET /api/v1/namespaces/$ns/nopes/a
< 404
{Failure: {message: the server could not find the requested resource, reason: NotFound, details: {}}}
> GET /apis/unbounded-cloud.io/v1alpha3/nopes
< 404
! content-type: text/plain; charset=utf-8
"404 page not found\\n"
`,
  },
  {
    name: "an unknown path is not found",
    talk: `
> GET /nope
< 404
! content-type: text/plain; charset=utf-8
"404 page not found\\n"
> GET /api/v2
< 404
{Failure: {message: the server could not find the requested resource, reason: NotFound, details: {}}}
`,
  },
  {
    name: "/readyz, /livez and /healthz say ok",
    talk: `
> GET /readyz
< 200
! content-type: text/plain; charset=utf-8
ok
> GET /livez
< 200
! content-type: text/plain; charset=utf-8
ok
> GET /healthz
< 200
! content-type: text/plain; charset=utf-8
ok
`,
  },
  {
    name: "/openapi/v3 lists a document for each group and version",
    talk: `
> GET /openapi/v3/apis/unbounded-cloud.io/v1alpha3
? openapi components.schemas.'io.unbounded-cloud.v1alpha3.Machine'.type components.schemas.'io.unbounded-cloud.v1alpha3.Machine'.description components.schemas.'io.unbounded-cloud.v1alpha3.Machine'.properties.spec.properties.attestation components.schemas.'io.unbounded-cloud.v1alpha3.Machine'.x-kubernetes-group-version-kind components.schemas.'io.unbounded-cloud.v1alpha3.Machine'.properties.spec.properties.ssh.required
< 200
openapi: "3.0.0"
"components.schemas.'io.unbounded-cloud.v1alpha3.Machine'.type": object
"components.schemas.'io.unbounded-cloud.v1alpha3.Machine'.description": A host that is booted over the network and joined to the cluster.
"components.schemas.'io.unbounded-cloud.v1alpha3.Machine'.properties.spec.properties.attestation":
  description: Which TPM the host may have.
  type: object
  properties:
    ekPublicKeySHA256:
      description: >-
        SHA-256 of the endorsement keys that are accepted, as hex, with or without colons: of the public key in DER
        (SubjectPublicKeyInfo). Without it the first key that asks is accepted.
      type: array
      maxItems: 16
      items:
        type: string
        maxLength: 128
        x-kubernetes-validations:
          - rule: "self.matches('^([0-9A-Fa-f]{2}:?){31}[0-9A-Fa-f]{2}$')"
            message: >-
              ekPublicKeySHA256 is not a SHA-256; want 64 hex digits, with or without colons
              (openssl pkey -pubin -in ek.pem -outform DER | sha256sum)
"components.schemas.'io.unbounded-cloud.v1alpha3.Machine'.x-kubernetes-group-version-kind": [{group: unbounded-cloud.io, kind: Machine, version: v1alpha3}]
"components.schemas.'io.unbounded-cloud.v1alpha3.Machine'.properties.spec.properties.ssh.required": [host, privateKeyRef]
`,
  },
];

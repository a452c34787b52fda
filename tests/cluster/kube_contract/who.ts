/** Who is asking: tokens, anonymous requests, reviews and TokenRequest. */
import type { Case } from "./conversation.ts";

/** See the names. */
export const cases: readonly Case[] = [
  {
    name: "an unknown token is refused",
    talk: `
> GET /api/v1/namespaces/default/configmaps
+ authorization: Bearer wrong
< 401
{Failure: {message: Unauthorized, reason: Unauthorized}}
`,
  },
  {
    name: "a request without a token is anonymous and may do nothing",
    talk: `
> GET /api/v1/namespaces/default/configmaps
+ authorization: Basic
< 403
Failure:
  message: 'configmaps is forbidden: User "system:anonymous" cannot list resource "configmaps" in API group "" in the namespace "default"'
  reason: Forbidden
  details: {kind: configmaps}
`,
  },
  {
    name: "SelfSubjectReview says who is asking",
    talk: `
> POST /apis/authentication.k8s.io/v1/selfsubjectreviews
{kind: SelfSubjectReview, apiVersion: authentication.k8s.io/v1}
< 201
kind: SelfSubjectReview
apiVersion: authentication.k8s.io/v1
metadata: {creationTimestamp: $time}
status: {userInfo: {username: admin, uid: admin, groups: ["system:masters", "system:authenticated"]}}
`,
  },
  {
    name: "SelfSubjectAccessReview allows the administrator everything",
    talk: `
> POST /apis/authorization.k8s.io/v1/selfsubjectaccessreviews
{kind: SelfSubjectAccessReview, apiVersion: authorization.k8s.io/v1, spec: {resourceAttributes: {verb: list, group: unbounded-cloud.io, resource: machines}}}
? spec status.allowed
< 201
{spec: {resourceAttributes: {verb: list, group: unbounded-cloud.io, resource: machines}}, status.allowed: true}
`,
  },
  {
    name: "TokenRequest gives a token of the ServiceAccount, good for requests",
    talk: `
> POST /api/v1/namespaces/$ns/serviceaccounts
? metadata.name
{metadata: {name: sa}}
< 201
{metadata.name: sa}
> POST /api/v1/namespaces/$ns/serviceaccounts/sa/token
$token status.token
? kind apiVersion metadata.name metadata.namespace spec.expirationSeconds spec.audiences spec.boundObjectRef status.expirationTimestamp
{spec: {expirationSeconds: 7200}}
< 201
kind: TokenRequest
apiVersion: authentication.k8s.io/v1
metadata.name: sa
metadata.namespace: $ns
spec.expirationSeconds: 7200
spec.audiences: ["https://kubernetes.default.svc"]
spec.boundObjectRef: null
status.expirationTimestamp: $time
> POST /apis/authentication.k8s.io/v1/selfsubjectreviews
+ authorization: Bearer $token
? status.userInfo.username status.userInfo.groups
{kind: SelfSubjectReview, apiVersion: authentication.k8s.io/v1}
< 201
status.userInfo.username: "system:serviceaccount:$ns:sa"
status.userInfo.groups: ["system:serviceaccounts", "system:serviceaccounts:$ns", "system:authenticated"]
`,
  },
  {
    name: "TokenRequest of a ServiceAccount that is not there",
    talk: `
> POST /api/v1/namespaces/$ns/serviceaccounts/none/token
{spec: {}}
< 404
{Failure: {message: 'serviceaccounts "none" not found', reason: NotFound, details: {name: none, kind: serviceaccounts}}}
`,
  },
  {
    name: "TokenRequest for too short a time is refused",
    talk: `
> POST /api/v1/namespaces/$ns/serviceaccounts
? metadata.name
{metadata: {name: sa}}
< 201
{metadata.name: sa}
> POST /api/v1/namespaces/$ns/serviceaccounts/sa/token
{spec: {expirationSeconds: 10}}
< 422
Invalid: 'TokenRequest.authentication.k8s.io ""'
causes: ["FieldValueInvalid spec.expirationSeconds: Invalid value: 10: may not specify a duration less than 10 minutes"]
`,
  },
  {
    name: "TokenReview knows a token of a ServiceAccount",
    talk: `
> POST /api/v1/namespaces/$ns/serviceaccounts
? metadata.name
{metadata: {name: sa}}
< 201
{metadata.name: sa}
> POST /api/v1/namespaces/$ns/serviceaccounts/sa/token
$token status.token
? kind
{spec: {}}
< 201
{kind: TokenRequest}
> POST /apis/authentication.k8s.io/v1/tokenreviews
? status.authenticated status.user.username
{apiVersion: authentication.k8s.io/v1, kind: TokenReview, spec: {token: "$token"}}
< 201
{status.authenticated: true, status.user.username: "system:serviceaccount:$ns:sa"}
`,
  },
];

import { deepEqual, throws } from "node:assert/strict";
import fc from "fast-check";
import type { Kind } from "../kind.ts";
import { type Route, Router } from "./router.ts";
import { StatusError } from "../status_error.ts";

function kind(group: string, version: string, name: string, plural: string, more: Partial<Kind> = {}): Kind {
  return {
    group,
    version,
    kind: name,
    plural,
    singular: name.toLowerCase(),
    shortNames: [],
    categories: [],
    namespaced: true,
    status: false,
    builtIn: true,
    schema: {},
    columns: [],
    ...more,
  };
}

const KINDS = [
  kind("", "v1", "ConfigMap", "configmaps"),
  kind("", "v1", "ServiceAccount", "serviceaccounts"),
  kind("", "v1", "Namespace", "namespaces", { namespaced: false, status: true }),
  kind("apps", "v1", "Deployment", "deployments", { status: true }),
  kind("unbounded-cloud.io", "v1alpha3", "Machine", "machines", { namespaced: false, status: true, builtIn: false }),
];
const router = new Router(KINDS);
const M = "/apis/unbounded-cloud.io/v1alpha3/machines";
const CM = "/api/v1/namespaces/ns/configmaps";

/** A route in short. */
function short(route: Route): string {
  if (route.to !== "resource") return Object.values(route).join(" ");
  const { verb, kind: { plural }, namespace = "-", name = "-", status } = route;
  return [verb, plural, namespace, name, ...(status ? ["status"] : [])].join(" ");
}

const found: readonly [method: string, path: string, route: string][] = [
  ["GET", CM, "list configmaps ns -"],
  ["GET", `${CM}/`, "list configmaps ns -"],
  ["POST", CM, "create configmaps ns -"],
  ["DELETE", CM, "deleteCollection configmaps ns -"],
  ["GET", "/api/v1/configmaps", "list configmaps - -"],
  ["GET", `${CM}/a`, "get configmaps ns a"],
  ["HEAD", `${CM}/a`, "get configmaps ns a"],
  ["PUT", `${CM}/a`, "update configmaps ns a"],
  ["PATCH", `${CM}/a`, "patch configmaps ns a"],
  ["DELETE", `${CM}/a`, "delete configmaps ns a"],
  ["GET", "/api/v1/namespaces/ns", "get namespaces - ns"],
  ["PUT", "/api/v1/namespaces/ns/status", "update namespaces - ns status"],
  ["POST", "/api/v1/namespaces/ns/serviceaccounts/sa/token", "token ns sa"],
  ["PATCH", `${M}/m/status`, "patch machines - m status"],
  ["POST", M, "create machines - -"],
  ["HEAD", M, "list machines - -"],
  ["GET", "/apis/apps/v1/namespaces/ns/deployments/d/status", "get deployments ns d status"],
  ["POST", "/apis/authentication.k8s.io/v1/selfsubjectreviews", "review SelfSubjectReview"],
  ["GET", "/api", "coreVersions"],
  ["GET", "/apis/", "groups"],
  ["GET", "/apis/apps", "group apps"],
  ["GET", "/apis/authorization.k8s.io/v1", "resources authorization.k8s.io v1"],
  ["GET", "/api/v1", "resources  v1"],
  ["GET", "/openapi/v3", "openapiIndex"],
  ["GET", "/openapi/v3/api/v1", "openapi  v1"],
  ["GET", "/openapi/v3/apis/unbounded-cloud.io/v1alpha3", "openapi unbounded-cloud.io v1alpha3"],
  ["GET", "/api/v1/pods", "noPods"],
  ["GET", "/api/v1/namespaces/ns/pods", "noPods"],
  ["GET", "/readyz", "health"],
  ["GET", "/healthz/ping", "health"],
  ["GET", "/version/", "version"],
  ["GET", "/", "nowhere"],
  ["GET", "/nonsense", "nowhere"],
  ["GET", "//api//v1", "nowhere"],
  ["GET", "/healthz/nothing", "nowhere"],
  ["GET", "/apis/nope", "nowhere"],
  ["GET", "/apis/nope/v1", "nowhere"],
  ["GET", "/apis/unbounded-cloud.io/v1", "nowhere"],
  ["GET", "/apis/unbounded-cloud.io/v1alpha3/foos", "nowhere"],
  ["GET", "/apis/unbounded-cloud.io/v1alpha3/namespaces/ns/machines", "nowhere"],
];

for (const [method, path, route] of found) {
  Deno.test(`route() as kube-apiserver: ${method} ${path} is ${route}`, () =>
    deepEqual(short(router.route(method, path)), route));
}

const NO_PATH = "the server could not find the requested resource";
const NO_METHOD = "the server does not allow this method on the requested resource";
const refused: readonly [method: string, path: string, code: number, message: string][] = [
  ["GET", "/api/v2", 404, NO_PATH],
  ["GET", "/api/v1/nonsense", 404, NO_PATH],
  ["GET", "/api/v1/configmaps/a", 404, NO_PATH],
  ["GET", "/api/v1/namespaces/ns/namespaces", 404, NO_PATH],
  ["GET", `${CM}/a/status`, 404, NO_PATH],
  ["GET", `${CM}/a/b/c`, 404, NO_PATH],
  ["GET", "/api/v1/namespaces/ns/pods/p/log", 404, NO_PATH],
  ["POST", "/api/v1/namespaces/ns/pods", 404, NO_PATH],
  ["GET", "/apis/authorization.k8s.io/v1/nothing", 404, NO_PATH],
  ["GET", "/apis/authorization.k8s.io/v1/selfsubjectrulesreviews/x", 404, NO_PATH],
  ["GET", `${M}/a/scale`, 404, 'machines.unbounded-cloud.io "a" not found'],
  ["GET", `${M}/a/b/c`, 404, 'machines.unbounded-cloud.io "a" not found'],
  ["GET", "/apis/authorization.k8s.io/v1/selfsubjectrulesreviews", 405, NO_METHOD],
  ["GET", "/api/v1/namespaces/ns/serviceaccounts/sa/token", 405, NO_METHOD],
  ["POST", `${CM}/a`, 405, NO_METHOD],
  ["PUT", CM, 405, NO_METHOD],
  ["OPTIONS", CM, 405, NO_METHOD],
  ["HEAD", CM, 405, NO_METHOD],
  ["POST", "/api/v1/configmaps", 405, NO_METHOD],
  ["DELETE", "/api/v1/namespaces", 405, NO_METHOD],
  ["POST", "/version", 405, NO_METHOD],
  ["POST", "/api/v1", 405, NO_METHOD],
  ["POST", `${M}/a/status`, 405, 'create is not supported on resources of kind "machines.unbounded-cloud.io"'],
  ["DELETE", `${M}/a/status`, 405, 'delete is not supported on resources of kind "machines.unbounded-cloud.io"'],
  ["OPTIONS", M, 405, ' is not supported on resources of kind "machines.unbounded-cloud.io"'],
];

for (const [method, path, code, message] of refused) {
  Deno.test(`route() as kube-apiserver: ${method} ${path} is refused with ${code}`, () => {
    throws(() => router.route(method, path), { name: "StatusError", code, message });
  });
}

Deno.test("route() answers or refuses whatever the path", () => {
  const segment = fc.constantFrom(
    "",
    "api",
    "apis",
    "v1",
    "namespaces",
    "machines",
    "unbounded-cloud.io",
    "status",
    "openapi",
    "v3",
    "__proto__",
    "constructor",
    "toString",
  );
  fc.assert(
    fc.property(
      fc.constantFrom("GET", "POST", "constructor", ""),
      fc.array(segment, { maxLength: 9 }),
      (method, segments) => {
        try {
          router.route(method, `/${segments.join("/")}`);
        } catch (error) {
          if (!(error instanceof StatusError)) throw error;
        }
      },
    ),
    { numRuns: 2000, seed: 4 },
  );
});

import { deepEqual, throws } from "node:assert/strict";
import {
  clusterPermissions,
  credentialHelpers,
  devPermissions,
  givenUp,
  grantFlags,
  narrowed,
  type Permissions,
  type Programs,
  servePermissions,
} from "./permissions.ts";

const NO_PROGRAMS: Programs = { helpers: [] };
const READER = ["--allow-read", "--allow-env", "--allow-sys"];

const CASES: readonly [what: string, permissions: Permissions, flags: readonly string[]][] = [
  ["serve-pxe writes below its cache and runs nothing", servePermissions(["/var/cache"], NO_PROGRAMS), [
    ...["--allow-net", "--allow-read", "--allow-write=/var/cache", "--allow-env", "--allow-sys"],
  ]],
  ["serve-pxe runs the plugin and the helpers that its settings name", {
    run: servePermissions(["/c"], {
      plugin: { command: "aws", variables: ["AWS_PROFILE"] },
      helpers: ["docker-credential-ecr"],
    }).run!,
  }, ["--allow-run=aws,docker-credential-ecr"]],
  ["a plugin that is told its libraries needs the right to run all", {
    run: servePermissions(["/c"], { plugin: { command: "aws", variables: ["LD_LIBRARY_PATH"] }, helpers: [] }).run!,
  }, ["--allow-run"]],
  ["machine repave reaches the API server and writes nothing", clusterPermissions("10.0.0.1:6443", undefined), [
    "--allow-net=10.0.0.1:6443",
    ...READER,
  ]],
  ["machine repave runs the kubeconfig's plugin", {
    run: clusterPermissions("10.0.0.1:6443", { command: "/opt/login", variables: [] }).run!,
  }, ["--allow-run=/opt/login"]],
  ["dev runs nothing", devPermissions(false), [
    ...["--allow-net", "--allow-read", "--allow-write", "--allow-env", "--allow-sys"],
  ]],
  ["dev --vm runs QEMU and what it needs", { run: devPermissions(true).run! }, ["--allow-run"]],
];

for (const [what, permissions, flags] of CASES) {
  Deno.test(`permissions (design 10): ${what}`, () => deepEqual(grantFlags(permissions), flags));
}

Deno.test("a path that would be read as two is refused in one line", () => {
  throws(() => grantFlags({ write: ["/c", "/a,b"] }), {
    name: "StartError",
    message: "/a,b: a path with a comma cannot be used; rename it",
  });
});

Deno.test("what is not kept is given up as a whole, a part of a kind needs a new start", () => {
  const permissions = servePermissions(["/var/cache"], NO_PROGRAMS);
  deepEqual([givenUp(permissions), narrowed(permissions)], [["run", "ffi"], ["write"]]);
  const { net } = clusterPermissions("[::1]:6443", undefined);
  deepEqual([givenUp({ net: net! }).length, narrowed({ net: net! })], [6, ["net"]]);
});

Deno.test("credential helpers of a docker config.json (docker/cli docs: credsStore, credHelpers)", () => {
  const config = {
    credsStore: "pass",
    credHelpers: { "a.io": "ecr-login", "b.io": "pass", "c.io": "../x", "d.io": 1 },
  };
  deepEqual(credentialHelpers(config), ["docker-credential-pass", "docker-credential-ecr-login"]);
  for (const junk of [null, 1, "x", [], {}, { credHelpers: null }, { credHelpers: "no" }]) {
    deepEqual(credentialHelpers(junk), []);
  }
});

import assert from "node:assert/strict";
import fc from "fast-check";
import { accessOf } from "./access.ts";
import { ConfigError } from "./errors.ts";
import { mergeKubeconfigs, parseKubeconfig } from "./kubeconfig.ts";

const SAMPLE = `
apiVersion: v1
kind: Config
current-context: lab
clusters:
- name: lab
  cluster:
    server: https://10.0.0.1:6443/base/
    certificate-authority: ca.crt
    tls-server-name: kube.lab
    proxy-url: http://proxy:3128
    extensions:
    - name: client.authentication.k8s.io/exec
      extension: {audience: x}
users:
- name: admin
  user:
    tokenFile: secrets/token
    as: root
    as-groups: [a, b]
    as-user-extra: {Reason/why: [x]}
- name: plugin
  user:
    exec:
      apiVersion: client.authentication.k8s.io/v1
      command: ./bin/login
      interactiveMode: Never
      env: null
contexts:
- name: lab
  context: {cluster: lab, user: admin, namespace: ignored}
- name: by-plugin
  context: {cluster: lab, user: plugin}
`;

/** The access of a text, as if it were the file /etc/kube/config. */
const access = (text: string) => accessOf(parseKubeconfig(text, "/etc/kube/config"), "/etc/kube/config");

Deno.test("accessOf() reads a cluster and a user; paths are relative to their file", () => {
  assert.deepEqual(access(SAMPLE), {
    server: new URL("https://10.0.0.1:6443/base"),
    ca: { file: "/etc/kube/ca.crt" },
    tlsServerName: "kube.lab",
    insecure: false,
    proxy: "http://proxy:3128",
    credentials: {
      token: { file: "/etc/kube/secrets/token" },
      impersonate: {
        "Impersonate-User": "root",
        "Impersonate-Group": ["a", "b"],
        "Impersonate-Extra-Reason%2Fwhy": ["x"],
      },
    },
    origin: '/etc/kube/config, context "lab"',
  });
});

Deno.test("accessOf() resolves a plugin's path and keeps what it may be told", () => {
  const { exec } = access(SAMPLE.replace("current-context: lab", "current-context: by-plugin")).credentials;
  assert.equal(exec?.command, "/etc/kube/./bin/login");
  assert.deepEqual(exec?.cluster, {
    "server": "https://10.0.0.1:6443/base/",
    "tls-server-name": "kube.lab",
    "proxy-url": "http://proxy:3128",
    "config": { audience: "x" },
  });
});

const user = (yaml: string) =>
  `{current-context: c, contexts: [{name: c, context: {cluster: c, user: u}}],
    clusters: [{name: c, cluster: {server: "https://x"}}], users: [{name: u, user: ${yaml}}]}`;
const cluster = (yaml: string) =>
  `{current-context: c, contexts: [{name: c, context: {cluster: c}}], clusters: [{name: c, cluster: ${yaml}}]}`;

for (
  const [name, text, wanted] of [
    ["data wins over a file", user("{client-certificate: f, client-certificate-data: YQ==, client-key-data: Yg==}"), {
      certificate: { cert: { data: "a" }, key: { data: "b" } },
      impersonate: {},
    }],
    ["a token file wins over a token", user("{token: old, tokenFile: /run/token}"), {
      token: { file: "/run/token" },
      impersonate: {},
    }],
    ["username and password", user("{username: u, password: p}"), {
      basic: { username: "u", password: "p" },
      impersonate: {},
    }],
    ["a user entry without content", user("null"), { impersonate: {} }],
  ] as const
) Deno.test(`accessOf(): ${name}`, () => assert.deepEqual(access(text).credentials, wanted));

for (
  const [server, settings, wanted] of [
    ["https://x", "", "https://x/"],
    ["x:8080", "", "http://x:8080/"],
    ["x:6443", ", insecure-skip-tls-verify: true", "https://x:6443/"],
    ["10.0.0.1", ", certificate-authority-data: YQ==", "https://10.0.0.1/"],
    ["http://x/k8s/clusters/c-1/", "", "http://x/k8s/clusters/c-1"],
  ] as const
) {
  Deno.test(`accessOf() reads the server "${server}"${settings}`, () => {
    assert.equal(access(cluster(`{server: "${server}"${settings}}`)).server.href, wanted);
  });
}

const F = "/etc/kube/config";
for (
  const [text, message] of [
    ["", `${F}: no current-context; kubectl config use-context NAME sets it`],
    ["# only a comment", `${F}: no current-context; kubectl config use-context NAME sets it`],
    ["just text", `${F}: not a kubeconfig: Invalid input: expected object, received string`],
    ["a: [", /^\/etc\/kube\/config, line \d+: not YAML: /],
    [user("{token: 12345}"), `${F}: users[name=u].user.token: Invalid input: expected string, received number`],
    [user("{auth-provider: {name: azure}}"), /auth-provider: "azure" is no longer supported.*kubelogin/],
    [user("{client-key-data: YQ==}"), /client-certificate and client-key belong together/],
    [
      user("{client-certificate-data: '*', client-key-data: YQ==}"),
      /users\[name=u\]\.user\.client-certificate-data: not base64/,
    ],
    [user("{token: t, username: u}"), /token and username exclude each other/],
    [
      user("{exec: {command: x, apiVersion: client.authentication.k8s.io/v1alpha1}}"),
      /exec\.apiVersion: .* use client/,
    ],
    [user("{exec: {command: x, apiVersion: client.authentication.k8s.io/v1}}"), /exec\.interactiveMode: needed/],
    [cluster("{server: ''}"), `${F}: clusters[name=c].cluster.server: missing`],
    [cluster("{server: 'ftp://x'}"), /neither https nor http/],
    [cluster("{server: 'https://['}"), /is not a URL/],
    [cluster("{server: x, insecure-skip-tls-verify: true, certificate-authority: f}"), /exclude each other/],
    ["{current-context: c}", /current-context "c" is not among the contexts/],
    [
      "{current-context: c, contexts: [{name: c, context: {cluster: x}}]}",
      /contexts\[name=c\]\.context\.cluster: there is no cluster "x"/,
    ],
    ["{users: [{name: a}, {name: a}]}", /users has two entries named "a"/],
    ["x".repeat(5 * 1024 * 1024), /longer than/],
    [`{a: ${"[".repeat(200)}}`, /not YAML/],
    [`a: &a [1]\nb: [${"*a,".repeat(2000)}]`, /not YAML/],
  ] as const
) {
  Deno.test(`a kubeconfig of ${JSON.stringify(text.slice(0, 60))} names what is wrong`, () => {
    assert.throws(() => access(text), (error: Error) => {
      if (typeof message === "string") assert.equal(error.message, message);
      else assert.match(error.message, message);
      return error instanceof ConfigError;
    });
  });
}

Deno.test("a kubeconfig that is not YAML does not end up in the message: it may hold a secret", () => {
  assert.throws(() => access("users:\n- token: s3cret: x: [\n"), (error: Error) => !error.message.includes("s3cret"));
});

Deno.test("mergeKubeconfigs(): the first file to name an entry gives it whole, and so for current-context", () => {
  const first = parseKubeconfig(
    "{users: [{name: u, user: {token: one}}], contexts: [{name: c, context: {cluster: a, user: u}}]}",
    "/1/a",
  );
  const second = parseKubeconfig(
    `{current-context: c, users: [{name: u, user: {token: two, as: x}}],
      clusters: [{name: a, cluster: {server: "https://a", certificate-authority: ca}}]}`,
    "/2/b",
  );
  const third = parseKubeconfig("{current-context: other}", "/3/c");
  const merged = accessOf(mergeKubeconfigs([first, second, third]), "x");
  assert.deepEqual(merged.credentials, { token: { data: "one" }, impersonate: {} });
  assert.deepEqual(merged.ca, { file: "/2/ca" }, "a path is relative to the file that names it");
});

Deno.test("parseKubeconfig() reads or refuses 30,000 mutated files", () => {
  const bytes = new TextEncoder().encode(SAMPLE);
  const edits = fc.array(fc.tuple(fc.nat(bytes.length - 1), fc.nat(255)), { minLength: 1, maxLength: 4 });
  let refused = 0;
  fc.assert(
    fc.property(edits, fc.nat(bytes.length), (changes, cut) => {
      const mutated = Uint8Array.from(cut % 3 === 0 ? bytes.subarray(0, cut) : bytes);
      for (const [at, value] of changes) if (at < mutated.length) mutated[at] = value;
      try {
        access(new TextDecoder().decode(mutated));
      } catch (error) {
        assert.ok(error instanceof ConfigError, String(error));
        assert.ok(error.message.startsWith(F), error.message);
        refused++;
      }
    }),
    { numRuns: 30_000, seed: 1 },
  );
  assert.ok(refused > 10_000);
});

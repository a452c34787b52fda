import assert from "node:assert/strict";
import { FakeClock } from "../base/clock.ts";
import { accessTo, ScriptedServer } from "../tests/cluster/scripted_server.ts";
import { type Access, type Credentials, type ExecPlugin, inClusterAccess } from "./access.ts";
import { KubeClient } from "./client.ts";
import { CredentialKeeper } from "./credentials.ts";
import { ConfigError } from "./errors.ts";
import { parseExecOutput } from "./exec_plugin.ts";
import { type Host, type RunOptions, systemHost } from "./host.ts";
import { locateAccess } from "./locate.ts";

/** A machine whose files and programs are in memory. */
class FakeHost implements Host {
  readonly files = new Map<string, string>();
  readonly variables: Record<string, string> = {};
  readonly runs: RunOptions[] = [];
  terminal = false;
  program: (() => { code: number; stdout: string }) | undefined;
  env = (name: string) => this.variables[name];
  isTerminal = () => this.terminal;
  readText = (path: string) => Promise.resolve(this.files.get(path));
  run = (_command: string, options: RunOptions) => {
    this.runs.push(options);
    return Promise.resolve(this.program?.());
  };
}

const TOKEN = "/run/token";
const fileToken: Credentials = { token: { file: TOKEN }, impersonate: {} };

function plugin(more: Partial<ExecPlugin["entry"]> = {}): ExecPlugin {
  const entry = {
    apiVersion: "client.authentication.k8s.io/v1",
    command: "login",
    args: ["--now"],
    env: [{ name: "A", value: "1" }],
    interactiveMode: "Never" as const,
    ...more,
  };
  return { entry, command: "login", where: "kubeconfig: users[name=u].user.exec", cluster: { server: "https://x" } };
}

const printed = (status: unknown, apiVersion = "client.authentication.k8s.io/v1") =>
  JSON.stringify({ kind: "ExecCredential", apiVersion, status });

function keeperOf(credentials: Credentials, ca?: Access["ca"]) {
  const [host, clock] = [new FakeHost(), new FakeClock(Date.parse("2026-01-01T00:00:00Z"))];
  const access = { ...accessTo({ url: "https://x" }), credentials, ...(ca === undefined ? {} : { ca }) };
  return { host, clock, keeper: new CredentialKeeper(access, host, clock) };
}

Deno.test("CredentialKeeper reads a rotated token after a minute, and at once when the old one is refused", async () => {
  const { host, clock, keeper } = keeperOf(fileToken);
  host.files.set(TOKEN, "one\n");
  const first = await keeper.material();
  assert.equal(first.headers.Authorization, "Bearer one");
  host.files.set(TOKEN, "two");
  clock.advance(59_999);
  assert.equal((await keeper.material()).headers.Authorization, "Bearer one");
  clock.advance(1);
  assert.equal((await keeper.material()).headers.Authorization, "Bearer two");
  host.files.set(TOKEN, "three");
  assert.equal(keeper.refuse(first), true);
  assert.equal((await keeper.material()).headers.Authorization, "Bearer two", "what was refused is long replaced");
  keeper.refuse(await keeper.material());
  assert.equal((await keeper.material()).headers.Authorization, "Bearer three");
});

Deno.test("CredentialKeeper keeps a token whose file is gone for a moment, and names one that never was", async () => {
  const { host, clock, keeper } = keeperOf(fileToken);
  await assert.rejects(keeper.material(), /^ConfigError: \/run\/token: missing or empty; test names it$/);
  host.files.set(TOKEN, "one");
  await keeper.material();
  host.files.set(TOKEN, "");
  clock.advance(60_000);
  assert.equal((await keeper.material()).headers.Authorization, "Bearer one");
});

Deno.test("CredentialKeeper: basic authentication, certificates, impersonation; nothing newer to be had", async () => {
  const { keeper } = keeperOf({
    basic: { username: "ü", password: "p:q" },
    certificate: { cert: { data: "C" }, key: { data: "K" } },
    impersonate: { "Impersonate-User": "x" },
  });
  const material = await keeper.material();
  assert.deepEqual(material, {
    headers: { "Authorization": "Basic w7w6cDpx", "Impersonate-User": "x" },
    cert: "C",
    key: "K",
  });
  assert.equal(keeper.refuse(material), false);
});

Deno.test("a plugin is run once for many requests, and again when its credentials expire or are refused", async () => {
  const exec = plugin({ provideClusterInfo: true });
  const { host, clock, keeper } = keeperOf({ exec, impersonate: {} }, { file: "/ca.crt" });
  host.files.set("/ca.crt", "PEM");
  let runs = 0;
  host.program = () => ({
    code: 0,
    stdout: printed({ token: `t${++runs}`, expirationTimestamp: "2026-01-01T00:10:00Z" }),
  });
  const [a, b] = await Promise.all([keeper.material(), keeper.material()]);
  assert.equal(a, b);
  clock.advance(599_999);
  assert.equal((await keeper.material()).headers.Authorization, "Bearer t1");
  clock.advance(1);
  const second = await keeper.material();
  assert.equal(second.headers.Authorization, "Bearer t2");
  keeper.refuse(second);
  assert.equal((await keeper.material()).headers.Authorization, "Bearer t3");
  const [{ args, env, interactive }] = host.runs as [RunOptions];
  assert.deepEqual([args, env.A, interactive], [["--now"], "1", false]);
  assert.deepEqual(JSON.parse(env.KUBERNETES_EXEC_INFO!), {
    kind: "ExecCredential",
    apiVersion: "client.authentication.k8s.io/v1",
    spec: { cluster: { "server": "https://x", "certificate-authority-data": "UEVN" }, interactive: false },
  });
});

Deno.test("a plugin may give a certificate", async () => {
  const { host, keeper } = keeperOf({ exec: plugin(), impersonate: {} });
  host.program = () => ({ code: 0, stdout: printed({ clientCertificateData: "C", clientKeyData: "K" }) });
  assert.deepEqual(await keeper.material(), { headers: {}, cert: "C", key: "K" });
});

for (
  const [name, stdout, message] of [
    ["no JSON", "hello s3cret", /"login" printed something that is not JSON$/],
    ["another kind", '{"kind":"Pod"}', /printed no usable ExecCredential: kind: /],
    [
      "another version",
      printed({ token: "s3cret" }, "client.authentication.k8s.io/v1beta1"),
      /the kubeconfig says client/,
    ],
    ["nothing", printed({}), /neither a token nor a certificate/],
    ["half a certificate", printed({ token: "s3cret", clientKeyData: "K" }), /a key without its certificate/],
    [
      "no time",
      printed({ token: "s3cret", expirationTimestamp: "tomorrow" }),
      /expirationTimestamp that is not a time/,
    ],
  ] as const
) {
  Deno.test(`parseExecOutput() names a plugin that prints ${name}`, () => {
    assert.throws(() => parseExecOutput(stdout, plugin()), (error: Error) => {
      assert.match(error.message, message);
      return error instanceof ConfigError && !error.message.includes("s3cret");
    });
  });
}

Deno.test("a plugin that is missing, fails or needs a terminal is named with the way out", async () => {
  const { host, keeper } = keeperOf({ exec: plugin({ installHint: "get it from x" }), impersonate: {} });
  await assert.rejects(keeper.material(), /there is no program "login"\nget it from x$/);
  host.program = () => ({ code: 3, stdout: "" });
  await assert.rejects(keeper.material(), /"login" exited with code 3/);
  const asking = keeperOf({ exec: plugin({ interactiveMode: "Always" }), impersonate: {} });
  await assert.rejects(asking.keeper.material(), /standard input is not a terminal/);
  assert.deepEqual(asking.host.runs, []);
});

Deno.test("systemHost runs a plugin, passes its environment, and tells one that is missing from one that is slow", async () => {
  const script = await Deno.makeTempFile({ suffix: ".ts" });
  await Deno.writeTextFile(script, `console.log(Deno.env.get("KUBERNETES_EXEC_INFO")); Deno.exit(Deno.args.length);`);
  const options = {
    args: ["run", "-A", "--no-config", script, "x"],
    env: { KUBERNETES_EXEC_INFO: "{}" },
    interactive: false,
    timeoutMs: 20_000,
  };
  assert.deepEqual(await systemHost.run(Deno.execPath(), options), { code: 1, stdout: "{}\n" });
  assert.equal(await systemHost.run("/no/such/program", options), undefined);
  await Deno.writeTextFile(script, `await new Promise((r) => setTimeout(r, 60_000));`);
  await assert.rejects(systemHost.run(Deno.execPath(), { ...options, timeoutMs: 300 }), /not done after 0.3 s/);
  assert.equal(await systemHost.readText("/no/such/file", 10), undefined);
  await Deno.writeTextFile(script, "12345678901");
  await assert.rejects(systemHost.readText(script, 10), /longer than the 10 bytes/);
  assert.equal(await systemHost.readText(script, 11), "12345678901");
  await Deno.remove(script);
});

Deno.test("KubeClient asks for new credentials once when they are refused", async () => {
  await using server = await ScriptedServer.start(({ headers }, reply) =>
    headers.authorization === "Bearer new" ? reply.json({ ok: true }) : reply.error(401, "Unauthorized")
  );
  const host = new FakeHost();
  host.files.set(TOKEN, "old");
  using client = new KubeClient({ ...accessTo(server), credentials: fileToken }, { host });
  await assert.rejects(client.request("GET", "/x"), /401 Unauthorized/);
  assert.equal(server.seen.length, 2);
  host.files.set(TOKEN, "new");
  assert.deepEqual(await client.request("POST", "/x", { body: {} }), { ok: true });
});

const config = (server: string) =>
  `{current-context: c, clusters: [{name: c, cluster: {server: "${server}"}}], contexts: [{name: c, context: {cluster: c}}]}`;
const POD = { KUBERNETES_SERVICE_HOST: "10.96.0.1", KUBERNETES_SERVICE_PORT: "443" };
const POD_TOKEN = "/var/run/secrets/kubernetes.io/serviceaccount/token";

for (
  const [name, flag, variables, files, wanted] of [
    [
      "--kubeconfig before all",
      "/flag",
      { ...POD, KUBECONFIG: "/env", HOME: "/h" },
      ["/flag", "/env", POD_TOKEN],
      "https://flag/",
    ],
    [
      "KUBECONFIG before the pod",
      undefined,
      { ...POD, KUBECONFIG: "/env", HOME: "/h" },
      ["/env", POD_TOKEN],
      "https://env/",
    ],
    ["KUBECONFIG with missing files", undefined, { KUBECONFIG: "/none::/env:/two" }, ["/env", "/two"], "https://env/"],
    [
      "the pod before ~/.kube/config",
      undefined,
      { ...POD, HOME: "/h" },
      ["/h/.kube/config", POD_TOKEN],
      "https://10.96.0.1/",
    ],
    ["no token: no pod", undefined, { ...POD, HOME: "/h" }, ["/h/.kube/config"], "https://h.kube/config"],
    ["an IPv6 pod", undefined, { ...POD, KUBERNETES_SERVICE_HOST: "fd00::1" }, [POD_TOKEN], "https://[fd00::1]/"],
  ] as [string, string | undefined, Record<string, string>, string[], string][]
) {
  Deno.test(`locateAccess(): ${name}`, async () => {
    const host = new FakeHost();
    Object.assign(host.variables, variables);
    for (const file of files) host.files.set(file, config(`https://${file.slice(1).replace("/.", ".")}`));
    const access = await locateAccess(host, flag === undefined ? {} : { kubeconfig: flag });
    assert.equal(access.server.href, wanted);
  });
}

Deno.test("locateAccess() says where it looked", async () => {
  const host = new FakeHost();
  await assert.rejects(locateAccess(host), /no cluster is configured: give --kubeconfig/);
  await assert.rejects(locateAccess(host, { kubeconfig: "/x" }), /--kubeconfig=\/x: there is no such file/);
  host.variables.KUBECONFIG = "/x:/y";
  await assert.rejects(locateAccess(host), /KUBECONFIG=\/x:\/y: no such file/);
  assert.deepEqual(inClusterAccess("h", "1").credentials.token, { file: POD_TOKEN });
});

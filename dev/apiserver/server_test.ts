import { deepEqual, equal, match, ok, rejects } from "node:assert/strict";
import { systemClock } from "../../base/clock.ts";
import { MemoryLogger } from "../../base/log.ts";
import { accessOf } from "../../k8s/access.ts";
import { KubeClient } from "../../k8s/client.ts";
import { parseKubeconfig } from "../../k8s/kubeconfig.ts";
import type { KubeObject, Resource } from "../../k8s/object.ts";
import { watchCollection } from "../../k8s/watch.ts";
import { PortInUse } from "../../pxe/bind_error.ts";
import { mutations } from "../../tests/mutate.ts";
import { manifest } from "../../tests/peers/manifest.ts";
import type { ApiObject, JsonObject } from "./object.ts";
import { type DevApiServer, type DevApiServerOptions, NotLoopback, startDevApiServer } from "./server.ts";

const MACHINES: Resource = { group: "unbounded-cloud.io", version: "v1alpha3", plural: "machines" };
const PATH = "/apis/unbounded-cloud.io/v1alpha3/machines";
const crds = manifest("deploy/crd.yaml") as unknown as JsonObject[];

/** A server and a client of it. */
class Stage implements AsyncDisposable {
  readonly log: MemoryLogger;
  readonly server: DevApiServer;
  readonly client: KubeClient;
  readonly #fetcher: Deno.HttpClient;

  constructor(server: DevApiServer, log: MemoryLogger) {
    this.log = log;
    this.server = server;
    this.client = new KubeClient(accessOf(parseKubeconfig(server.kubeconfig("dev"), "kubeconfig"), "/"));
    this.#fetcher = Deno.createHttpClient({ caCerts: [server.caPem] });
  }

  /** A request of another client than ours. */
  async ask(path: string, { headers, ...init }: RequestInit & { headers?: Record<string, string> } = {}) {
    const authorization = `Bearer ${this.server.token}`;
    const response = await fetch(this.server.url + path, {
      client: this.#fetcher,
      ...init,
      headers: { authorization, "content-type": "application/json", ...headers },
    });
    return { status: response.status, headers: response.headers, text: await response.text() };
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.client[Symbol.dispose]();
    this.#fetcher.close();
    await this.server[Symbol.asyncDispose]();
  }
}

async function stage(options: Partial<DevApiServerOptions> = {}): Promise<Stage> {
  const log = new MemoryLogger();
  return new Stage(await startDevApiServer({ crds, log, ...options }), log);
}

function machine(name: string): ApiObject {
  return { apiVersion: "unbounded-cloud.io/v1alpha3", kind: "Machine", metadata: { name }, spec: {} };
}

Deno.test("the development API says what it is for, and has the namespaces of every cluster", async () => {
  await using at = await stage();
  match(at.log.lines[0]!.message, /for trying things out.*loopback only/);
  match(at.server.url, /^https:\/\/127\.0\.0\.1:\d+$/);
  const list = await at.client.request<{ items: KubeObject[] }>("GET", "/api/v1/namespaces");
  const names = list.items.map(({ metadata }) => metadata.name);
  deepEqual(names, ["default", "kube-node-lease", "kube-public", "kube-system"]);
  ok(!JSON.stringify(at.log.lines).includes(at.server.token));
});

Deno.test("the development API keeps a Machine through its life, and a watch sees it", async () => {
  await using at = await stage({ objects: [machine("first")] });
  const { client, log } = at;
  const stop = new AbortController();
  const seen: string[] = [];
  const parameters = { client, resource: MACHINES, signal: stop.signal, clock: systemClock, random: () => 0, log };
  for await (const event of watchCollection(parameters)) {
    seen.push("object" in event ? `${event.kind} ${event.object.metadata.name}` : event.kind);
    if (event.kind === "complete") {
      const created = await client.create<KubeObject>(MACHINES, machine("second"));
      await client.replaceStatus(MACHINES, { ...created, status: { phase: "Ready" } } as KubeObject);
      await client.request("DELETE", `${PATH}/second`);
    }
    if (seen.length === 6) break;
  }
  deepEqual(seen.slice(0, 5), ["restart", "put first", "complete", "put second", "put second"]);
  match(seen[5]!, /second/);
});

Deno.test("the development API ends while watches are open and bodies on their way", async () => {
  await using at = await stage();
  const watch = at.client.watch(MACHINES, {}, { resourceVersion: "1", timeoutSeconds: 300, idleMs: 60_000 });
  ok(!(await watch.next()).done);
  const asked = Promise.withResolvers<void>();
  const body = new ReadableStream({
    pull(to) {
      to.enqueue(new Uint8Array(10));
      asked.resolve();
      return new Promise(() => {});
    },
  }, { highWaterMark: 0 });
  const lost = rejects(at.ask(PATH, { method: "POST", body }));
  await asked.promise;
  await at.server[Symbol.asyncDispose]();
  await Promise.allSettled([lost, watch.next()]);
  await rejects(at.ask("/readyz"));
});

Deno.test("the development API tells that its port is taken, and listens on loopback only", async () => {
  await using at = await stage();
  await rejects(stage({ port: at.server.port }), PortInUse);
  await rejects(stage({ hostname: "0.0.0.0" as "127.0.0.1" }), NotLoopback);
});

Deno.test("the development API stays the same over a restart: objects, authority, token", async () => {
  const folder = await Deno.makeTempDir();
  try {
    const options = { statePath: `${folder}/state.sqlite`, credentialsFolder: `${folder}/credentials` };
    const before = await stage(options);
    await before.client.create(MACHINES, machine("kept"));
    await before[Symbol.asyncDispose]();
    await using after = await stage({ ...options, port: before.server.port });
    equal(after.server.kubeconfig("dev"), before.server.kubeconfig("dev"));
    equal((await after.client.request<KubeObject>("GET", `${PATH}/kept`)).metadata.name, "kept");
    equal((await Deno.stat(`${folder}/credentials/credentials.json`)).mode! & 0o777, 0o600);
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
});

Deno.test("the development API names damaged credentials and the way out", async () => {
  const folder = await Deno.makeTempDir();
  try {
    await Deno.writeTextFile(`${folder}/credentials.json`, "{}");
    await rejects(stage({ credentialsFolder: folder }), /credentials\.json does not hold credentials: remove it/);
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
});

Deno.test("TokenRequest gives a token that is its ServiceAccount's, until that is gone", async () => {
  await using at = await stage();
  const accounts = "/api/v1/namespaces/default/serviceaccounts";
  const named = { metadata: { name: "robot" } };
  await at.client.request("POST", accounts, { body: named });
  const body = { spec: { expirationSeconds: 600 } };
  const { status } = await at.client.request<{ status: { token: string } }>("POST", `${accounts}/robot/token`, {
    body,
  });
  const asRobot = { headers: { authorization: `Bearer ${status.token}` }, method: "POST", body: "{}" };
  const review = "/apis/authentication.k8s.io/v1/selfsubjectreviews";
  const answer = await at.ask(review, asRobot);
  equal(JSON.parse(answer.text).status.userInfo.username, "system:serviceaccount:default:robot");
  await at.client.request("DELETE", `${accounts}/robot`);
  equal((await at.ask(review, asRobot)).status, 401);
});

const UNAUTHORIZED = { kind: "Status", apiVersion: "v1", metadata: {}, status: "Failure", message: "Unauthorized" };
for (const authorization of ["", "Bearer", "Bearer x", "Basic YTpi", `Bearer ${"x".repeat(9000)}`]) {
  Deno.test(`the development API answers 401 to Authorization ${JSON.stringify(authorization.slice(0, 12))}`, async () => {
    await using at = await stage();
    const { status, text } = await at.ask("/api", { headers: { authorization } });
    equal(status, 401);
    deepEqual(JSON.parse(text), { ...UNAUTHORIZED, reason: "Unauthorized", code: 401 });
  });
}

Deno.test("the development API takes 3 MiB and no more, announced or in chunks", async () => {
  await using at = await stage();
  const body = new Uint8Array(3 * 1024 * 1024 + 1).fill(0x20);
  const chunks = () => new ReadableStream({ start: (to) => (to.enqueue(body), to.close()) });
  for (const sent of [body, chunks()]) {
    const { status, text } = await at.ask(PATH, { method: "POST", body: sent });
    equal(status, 413);
    equal(JSON.parse(text).message, "Request entity too large: limit is 3145728");
  }
  equal((await at.ask(PATH, { method: "POST", body: body.subarray(1) })).status, 400);
  const stranger = { authorization: "Bearer x" };
  const unread = new Uint8Array(8 * 1024 * 1024);
  equal((await at.ask(PATH, { method: "POST", body: unread, headers: stranger })).status, 401);
});

for (const [who, status] of [["Bearer x", 401], [undefined, 413]] as const) {
  Deno.test(`the development API answers a body without end with ${status}, and ends the connection`, async () => {
    await using at = await stage();
    const { port } = at.server;
    using connection = await Deno.connectTls({ hostname: "127.0.0.1", port, caCerts: [at.server.caPem] });
    const send = async (bytes: Uint8Array) => {
      for (let sent = 0; sent < bytes.length;) sent += await connection.write(bytes.subarray(sent));
    };
    const text = (lines: string) => new TextEncoder().encode(lines);
    const authorization = who ?? `Bearer ${at.server.token}`;
    const head = [`POST ${PATH} HTTP/1.1`, "host: a", `authorization: ${authorization}`, "transfer-encoding: chunked"];
    await send(text(`${head.join("\r\n")}\r\n\r\n`));
    const answer = new Uint8Array(64);
    const answered = connection.read(answer);
    const mebibyte = text(`100000\r\n${" ".repeat(0x100000)}\r\n`);
    await rejects(async () => {
      for (let mebibytes = 0; mebibytes < 256; mebibytes++) await send(mebibyte);
    }, /reset|pipe|closed/i);
    await answered;
    match(new TextDecoder().decode(answer), new RegExp(`^HTTP/1.1 ${status} `));
  });
}

Deno.test("the development API answers as a Table, as YAML, indented, or not at all", async () => {
  await using at = await stage({ objects: [machine("m")] });
  const get = (accept: string, query = "") => at.ask(PATH + query, { headers: { accept } });
  const rows = JSON.parse((await get("application/json;as=Table;v=v1;g=meta.k8s.io")).text).rows;
  deepEqual(rows.map(({ cells }: { cells: unknown[] }) => cells[0]), ["m"]);
  match((await get("application/yaml")).text, /^apiVersion: unbounded-cloud\.io\/v1alpha3\nitems:\n/);
  match((await get("*/*", "?pretty=true")).text, /^\{\n {2}"/);
  equal((await get("application/vnd.kubernetes.protobuf")).status, 406);
  const discovery = "application/json;g=apidiscovery.k8s.io;v=v2;as=APIGroupDiscoveryList";
  equal((await at.ask("/apis", { headers: { accept: discovery } })).headers.get("content-type"), discovery);
});

/** The first line that the server answers to these bytes; empty when it closes the connection without a word. */
async function firstLine({ port, caPem }: DevApiServer, request: string): Promise<string> {
  using socket = await Deno.connectTls({ hostname: "127.0.0.1", port, caCerts: [caPem] });
  await socket.write(new TextEncoder().encode(request));
  const buffer = new Uint8Array(1000);
  const length = await socket.read(buffer) ?? 0;
  return new TextDecoder().decode(buffer.subarray(0, length)).split("\r\n")[0]!;
}

Deno.test("the development API refuses what is no HTTP/1.1 request (RFC 9112 sections 3.2, 6.1, 6.3) and goes on", async () => {
  await using at = await stage();
  const cases: readonly [request: string, answer: RegExp][] = [
    ["GET /readyz HTTP/1.1\r\n\r\n", /^HTTP\/1\.1 400 /],
    [`GET /readyz HTTP/1.1\r\nHost: x\r\nA: ${"x".repeat(70_000)}\r\n\r\n`, /^HTTP\/1\.1 431 |^$/],
    [`GET /${"x".repeat(9000)} HTTP/1.1\r\nHost: x\r\n\r\n`, /^HTTP\/1\.1 414 /],
    [
      "POST /api HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\nContent-Length: 5\r\n\r\n0\r\n\r\n",
      /^HTTP\/1\.1 400 /,
    ],
    ["POST /api HTTP/1.1\r\nHost: x\r\nContent-Length: -5\r\n\r\n", /^HTTP\/1\.1 400 /],
    ["\0\x01\x02\r\n\r\n", /^HTTP\/1\.1 400 /],
    ["GET //api//v1/%zz HTTP/1.1\r\nHost: x\r\n\r\n", /^HTTP\/1\.1 400 /],
  ];
  for (const [request, answer] of cases) match(await firstLine(at.server, request), answer, request.slice(0, 60));
  equal((await at.ask("/readyz")).text, "ok");
});

Deno.test("the development API warns of unknown fields in headers", async () => {
  await using at = await stage();
  const body = JSON.stringify({ ...machine("m"), spec: { 'a"b\u00e9\n': 1 } });
  const { status, headers } = await at.ask(`${PATH}?fieldValidation=Warn`, { method: "POST", body });
  equal(status, 201);
  match(headers.get("warning") ?? "", /^299 - "unknown field/);
});

Deno.test("the development API answers whatever is sent, and never blames itself", async () => {
  await using at = await stage({ objects: [machine("m1")] });
  const pieces = ["", "/", "%", "%00", "?", "=", "&", "{", "}", "[", "]", '"', ":", ",", "null", "true", "-1", "1e999"];
  const more = ["__proto__", "constructor", "status", "\u00e9", "*", "..", "metadata", "kind", "m1", "watch=1", " "];
  const all = [...pieces, ...more];
  const paths = [
    `${PATH}/m1/status`,
    `${PATH}?limit=1&continue=x`,
    "/api/v1/namespaces/default/secrets/s",
    "/openapi/v3",
  ];
  const full = {
    ...machine("m1"),
    metadata: { name: "m1", labels: { a: "b" }, ownerReferences: [], finalizers: ["a/b"] },
  };
  const bodies = [
    JSON.stringify(full),
    '[{"op":"replace","path":"/spec","value":{}},{"op":"test","path":"/metadata/name","value":"m1"}]',
    JSON.stringify({ apiVersion: "v1", kind: "Secret", metadata: { name: "s" }, data: { a: "Yg==" }, stringData: {} }),
  ];
  const types = [
    "json",
    "yaml",
    "json-patch+json",
    "merge-patch+json",
    "strategic-merge-patch+json",
    "apply-patch+yaml",
  ];
  const count = 400;
  const damagedBodies = mutations({ texts: bodies, pieces: all, count, seed: 7 });
  let i = 0;
  for (const path of mutations({ texts: paths, pieces: all, count, seed: 4 })) {
    const body = damagedBodies.next().value as string;
    const method = ["POST", "PUT", "PATCH", "DELETE"][i % 4]!;
    const query = path.includes("?") ? "&" : "?";
    const target = i % 3 === 0
      ? path
      : `${paths[0]}${query}fieldManager=x&force=true`.replace("&fieldManager", "?fieldManager");
    const headers = { "content-type": `application/${types[i % types.length]}` };
    const { status, text } = await at.ask(target.startsWith("/") ? target : `/${target}`, { method, body, headers });
    // kube-apiserver blames itself for a configuration that does not fit its schema.
    const isFine = status < 500 || status === 500 && text.includes("failed to create typed patch object");
    ok(status >= 200 && isFine, `${method} ${target} ${body}: ${text}`);
    i++;
  }
  deepEqual(at.log.lines.filter(({ level }) => level === "error"), []);
  equal((await at.ask("/readyz")).text, "ok");
});

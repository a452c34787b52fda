import assert from "node:assert/strict";
import { FakeClock } from "../base/clock.ts";
import { accessTo, type Reply, ScriptedServer } from "../tests/cluster/scripted_server.ts";
import { KubeClient } from "./client.ts";
import { ApiError, ConnectionError, GarbageError, TooLargeError } from "./errors.ts";
import type { Host } from "./host.ts";
import type { KubeObject } from "./object.ts";

const WIDGETS = { group: "example.com", version: "v1", plural: "widgets" };
const widget = (name: string): KubeObject => ({ metadata: { name, resourceVersion: "1" } });

/** A machine with nothing in it. */
const noHost: Host = {
  env: () => undefined,
  readText: () => Promise.resolve(undefined),
  isTerminal: () => false,
  run: () => Promise.resolve(undefined),
};

Deno.test("KubeClient keeps its connection over many requests", async () => {
  await using server = await ScriptedServer.start((seen, reply) => reply.json({ path: seen.path }));
  using client = new KubeClient(accessTo(server), { host: noHost });
  for (let i = 0; i < 20; i++) await client.get(WIDGETS, { name: `w${i}` });
  assert.equal(server.seen.length, 20);
  assert.equal(server.connections, 1);
  assert.equal(server.seen[3]!.path, "/apis/example.com/v1/widgets/w3");
});

Deno.test("KubeClient tells of each exchange: verb, code, time; repeated ones, watches and silence too", async () => {
  const seen: string[] = [];
  const observe = (verb: string, code: string, ms: number) => {
    seen.push(`${verb} ${code}`);
    assert.ok(ms >= 0);
  };
  await using server = await ScriptedServer.start((_, reply) => reply.json({}));
  using client = new KubeClient(accessTo(server), { host: noHost, observe });
  await client.create(WIDGETS, widget("a"));
  server.script = (seen, reply) => seen.query.has("watch") ? reply.stream() : reply.cut();
  const signal = AbortSignal.timeout(60_000);
  const watch = client.watch(WIDGETS, {}, { resourceVersion: "1", timeoutSeconds: 60, idleMs: 60_000, signal });
  await watch.next();
  await watch.return(undefined);
  await assert.rejects(client.create(WIDGETS, widget("b")), ConnectionError);
  assert.deepEqual(seen, ["POST 200", "WATCH 200", "POST <error>"]);
});

Deno.test("KubeClient keeps the path of the server's URL", async () => {
  await using server = await ScriptedServer.start((_, reply) => reply.json({}));
  const access = { ...accessTo(server), server: new URL(`${server.url}/k8s/clusters/c-1`) };
  using client = new KubeClient(access, { host: noHost });
  await client.get({ group: "", version: "v1", plural: "nodes" }, { name: "n" });
  assert.equal(server.seen[0]!.path, "/k8s/clusters/c-1/api/v1/nodes/n");
});

Deno.test("KubeClient keeps the connections of a burst for the next one", async () => {
  const waiting: Reply[] = [];
  await using server = await ScriptedServer.start((_, reply) => {
    if (waiting.push(reply) === 64) waiting.splice(0).forEach((one) => one.json({ ok: true }));
  });
  using client = new KubeClient(accessTo(server), { host: noHost });
  for (let burst = 0; burst < 3; burst++) {
    await Promise.all(Array.from({ length: 64 }, () => client.request("GET", "/version")));
  }
  assert.equal(server.connections, 64);
});

Deno.test("KubeClient repeats a GET lost on a stale connection, and sends a POST once", async () => {
  await using server = await ScriptedServer.start((_, reply) => reply.json({}));
  using client = new KubeClient(accessTo(server), { host: noHost });
  await client.get(WIDGETS, { name: "a" });
  server.script = (seen, reply) => seen.connection === 1 ? reply.cut() : reply.json({ ok: true });
  assert.deepEqual(await client.get(WIDGETS, { name: "a" }), { ok: true });
  server.script = (seen, reply) => seen.method === "GET" ? reply.json({}) : reply.cut();
  const before = server.seen.length;
  await assert.rejects(client.create(WIDGETS, widget("b")), ConnectionError);
  assert.equal(server.seen.length, before + 1, "a cut POST may have been done: it is not sent again");
});

Deno.test("KubeClient takes all kept connections for dead when one is", async () => {
  const open: Reply[] = [];
  await using server = await ScriptedServer.start((_, reply) => {
    if (open.push(reply) === 8) { for (const each of open) each.json({}); }
  });
  using client = new KubeClient(accessTo(server), { host: noHost });
  await Promise.all(Array.from({ length: 8 }, () => client.get(WIDGETS, { name: "a" })));
  assert.equal(server.connections, 8);
  server.script = (seen, reply) => seen.connection <= 8 ? reply.cut() : reply.json({ ok: true });
  assert.deepEqual(await client.get(WIDGETS, { name: "a" }), { ok: true });
  assert.equal(server.connections, 9);
});

Deno.test("KubeClient ends a request that is aborted, on a kept connection too, and sends it once", async () => {
  await using server = await ScriptedServer.start((_, reply) => reply.json({}));
  using client = new KubeClient(accessTo(server), { host: noHost });
  await client.get(WIDGETS, { name: "a" });
  server.script = () => {};
  const stop = new AbortController();
  const request = client.create(WIDGETS, widget("b"), { signal: stop.signal });
  await server.requests(2);
  stop.abort(new Error("enough"));
  await assert.rejects(request, /enough/);
  server.script = (_, reply) => reply.json({});
  await client.get(WIDGETS, { name: "c" });
  assert.deepEqual(server.seen.map((seen) => seen.method), ["GET", "POST", "GET"]);
});

Deno.test("KubeClient gives up on a server that does not answer, or only half", async () => {
  await using server = await ScriptedServer.start(() => {});
  using client = new KubeClient(accessTo(server), { host: noHost, timeoutMs: 50 });
  const timedOut = (error: unknown) => error instanceof ConnectionError && error.code === "ETIMEDOUT";
  await assert.rejects(client.get(WIDGETS, { name: "a" }), timedOut);
  server.script = (_, reply) => {
    reply.stream();
    reply.write("{");
  };
  await assert.rejects(client.get(WIDGETS, { name: "a" }), timedOut);
});

Deno.test("KubeClient says what is wrong with an answer", async () => {
  await using server = await ScriptedServer.start((_, reply) => reply.json({}));
  using client = new KubeClient(accessTo(server), { host: noHost });
  const get = () => client.get(WIDGETS, { name: "a" });
  server.script = (_, reply) => reply.error(404, "NotFound", 'widgets "a" not found');
  await assert.rejects(get(), (error: ApiError) => {
    assert.equal(error.message, 'GET /apis/example.com/v1/widgets/a: 404 NotFound: widgets "a" not found');
    return error instanceof ApiError && error.status === 404 && error.reason === "NotFound";
  });
  server.script = (_, reply) => reply.text("<html>bad gateway</html>", 502);
  await assert.rejects(get(), /502: <html>bad gateway/);
  server.script = (_, reply) => reply.json(null, 500);
  await assert.rejects(get(), (error: unknown) => error instanceof ApiError && error.status === 500);
  server.script = (_, reply) => reply.text("not json");
  await assert.rejects(get(), GarbageError);
  server.script = (_, reply) => reply.raw("\x00\x01 garbage\r\n\r\n");
  await assert.rejects(get(), ConnectionError);
  server.script = (_, reply) => {
    reply.stream();
    reply.write('{"a":');
    reply.cut();
  };
  await assert.rejects(get(), ConnectionError);
});

Deno.test("KubeClient refuses to read an answer without end", async () => {
  await using server = await ScriptedServer.start((_, reply) => reply.text("x".repeat(65 * 1024 * 1024)));
  using client = new KubeClient(accessTo(server), { host: noHost });
  await assert.rejects(client.get(WIDGETS, { name: "a" }), TooLargeError);
});

Deno.test("KubeClient waits as long as a busy server asks, and not for ever", async () => {
  const clock = new FakeClock();
  await using server = await ScriptedServer.start((_, reply) => {
    if (server.seen.length < 3) return reply.error(429, "TooManyRequests", "", { "Retry-After": "7" });
    reply.json({ ok: true });
  });
  using client = new KubeClient(accessTo(server), { host: noHost, clock });
  const answer = client.create(WIDGETS, widget("a"));
  for (const requests of [1, 2]) {
    await server.requests(requests);
    while (clock.sleeping === 0) await new Promise((resolve) => setTimeout(resolve, 1));
    clock.advance(6999);
    assert.equal(clock.sleeping, 1, "7 s are not over");
    clock.advance(1);
  }
  assert.deepEqual(await answer, { ok: true });
  server.script = (_, reply) => reply.error(503, "ServiceUnavailable", "", { "Retry-After": "1" });
  await assert.rejects(client.create(WIDGETS, widget("a")), /503/, "a POST may have been done");
  server.script = (_, reply) => reply.error(503, "ServiceUnavailable", "", { "Retry-After": "0" });
  const before = server.seen.length;
  const refused = assert.rejects(client.get(WIDGETS, { name: "a" }), /503/);
  const pump = setInterval(() => clock.advance(1000), 1);
  await refused;
  clearInterval(pump);
  assert.equal(server.seen.length - before, 5);
});

Deno.test("KubeClient.list() asks for pages, and for smaller ones when they are too large", async () => {
  const all = Array.from({ length: 40 }, (_, i) => widget(`w${i}`));
  const limits: number[] = [];
  await using server = await ScriptedServer.start(({ query }, reply) => {
    const limit = Number(query.get("limit"));
    const from = Number(query.get("continue") ?? 0);
    limits.push(limit);
    if (limit > 10) return reply.text("x".repeat(65 * 1024 * 1024));
    const more = from + limit < all.length ? { continue: String(from + limit) } : {};
    reply.json({ items: all.slice(from, from + limit), metadata: { resourceVersion: "7", ...more } });
  });
  using client = new KubeClient(accessTo(server), { host: noHost });
  const names: string[] = [];
  for await (const page of client.list(WIDGETS, { labelSelector: "!site" })) {
    assert.equal(page.resourceVersion, "7");
    names.push(...page.items.map((item) => item.metadata.name));
  }
  assert.deepEqual(names, all.map((item) => item.metadata.name));
  assert.deepEqual(limits, [500, 63, 8, 8, 8, 8, 8]);
  assert.equal(server.seen[0]!.query.get("labelSelector"), "!site");
  server.script = (_, reply) => reply.json({ items: "none", metadata: {} });
  await assert.rejects(Array.fromAsync(client.list(WIDGETS)), GarbageError);
});

Deno.test("KubeClient.apply() is a server-side apply by a manager; forced and dry only when asked", async () => {
  await using server = await ScriptedServer.start((seen, reply) => reply.json({ sent: JSON.parse(seen.body) }));
  using client = new KubeClient(accessTo(server), { host: noHost });
  const object = { apiVersion: "example.com/v1", kind: "Widget", metadata: { name: "a", namespace: "n" } };
  assert.deepEqual(await client.apply(WIDGETS, object, { manager: "me" }), { sent: object });
  await client.apply(WIDGETS, object, { manager: "me", force: true, dryRun: true });
  assert.deepEqual(
    server.seen.map(({ method, path, query }) => [method, path, Object.fromEntries(query)]),
    [{ force: "false" }, { force: "true", dryRun: "All" }].map((query) => [
      "PATCH",
      "/apis/example.com/v1/namespaces/n/widgets/a",
      { fieldManager: "me", ...query },
    ]),
  );
  assert.equal(server.seen[0]!.headers["content-type"], "application/apply-patch+yaml");
});

Deno.test("KubeClient.delete() deletes", async () => {
  await using server = await ScriptedServer.start((_, reply) => reply.json({ kind: "Status" }));
  using client = new KubeClient(accessTo(server), { host: noHost });
  await client.delete(WIDGETS, { name: "a" }, { query: { dryRun: "All" } });
  const [{ method, path, query } = assert.fail("nothing was sent")] = server.seen;
  assert.deepEqual([method, path, String(query)], ["DELETE", "/apis/example.com/v1/widgets/a", "dryRun=All"]);
});

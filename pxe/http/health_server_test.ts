import { deepEqual, equal, throws } from "node:assert/strict";
import { PortInUse } from "../bind_error.ts";
import { healthResponse, startHealthServer } from "./health_server.ts";

function answer(method: string, path: string, missing: string[]): Response {
  return healthResponse({ method, path }, { missing: () => missing, metrics: () => "metrics\n" });
}

Deno.test("healthResponse(): alive always, ready only when nothing is missing (issue 3, part 5)", async () => {
  equal(answer("GET", "/healthz", ["x"]).status, 200);
  const notReady = answer("GET", "/readyz", ["Machines are not read yet", "DHCP does not listen"]);
  equal(notReady.status, 503);
  equal(await notReady.text(), "not ready: Machines are not read yet\nnot ready: DHCP does not listen\n");
  equal(await answer("GET", "/readyz", []).text(), "ok");
  equal(answer("GET", "/nothing", []).status, 404);
});

Deno.test("healthResponse(): /metrics is text that Prometheus reads, only to be read (issue 7, part 7)", async () => {
  const metrics = answer("GET", "/metrics", ["x"]);
  deepEqual(
    [metrics.status, metrics.headers.get("Content-Type"), await metrics.text()],
    [200, "text/plain; version=0.0.4; charset=utf-8", "metrics\n"],
  );
  equal(answer("HEAD", "/metrics", []).status, 200);
  const refused = answer("POST", "/metrics", []);
  deepEqual([refused.status, refused.headers.get("Allow")], [405, "GET, HEAD"]);
});

Deno.test("startHealthServer() answers, and says whose port is taken", async () => {
  const missing: string[] = ["x"];
  await using server = startHealthServer({
    bindAddress: "127.0.0.1",
    port: 0,
    missing: () => missing,
    metrics: () => "",
  });
  const { port } = server.addr as Deno.NetAddr;
  const statusOf = async (path: string) => {
    const response = await fetch(`http://127.0.0.1:${port}${path}`);
    await response.body?.cancel();
    return response.status;
  };
  const before = await statusOf("/readyz");
  missing.pop();
  deepEqual([before, await statusOf("/readyz"), await statusOf("/healthz")], [503, 200, 200]);
  throws(() => startHealthServer({ bindAddress: "127.0.0.1", port, missing: () => [], metrics: () => "" }), PortInUse);
});

import { deepEqual, equal, throws } from "node:assert/strict";
import { PortInUse } from "../bind_error.ts";
import { healthResponse, startHealthServer } from "./health_server.ts";

Deno.test("healthResponse(): alive always, ready only when nothing is missing (issue 3, part 5)", async () => {
  equal(healthResponse("/healthz", ["x"]).status, 200);
  const notReady = healthResponse("/readyz", ["Machines are not read yet", "DHCP does not listen"]);
  equal(notReady.status, 503);
  equal(await notReady.text(), "not ready: Machines are not read yet\nnot ready: DHCP does not listen\n");
  equal(await healthResponse("/readyz", []).text(), "ok");
  equal(healthResponse("/metrics", []).status, 404);
});

Deno.test("startHealthServer() answers, and says whose port is taken", async () => {
  const missing: string[] = ["x"];
  await using server = startHealthServer({ bindAddress: "127.0.0.1", port: 0, missing: () => missing });
  const { port } = server.addr as Deno.NetAddr;
  const statusOf = async (path: string) => {
    const response = await fetch(`http://127.0.0.1:${port}${path}`);
    await response.body?.cancel();
    return response.status;
  };
  const before = await statusOf("/readyz");
  missing.pop();
  deepEqual([before, await statusOf("/readyz"), await statusOf("/healthz")], [503, 200, 200]);
  throws(() => startHealthServer({ bindAddress: "127.0.0.1", port, missing: () => [] }), PortInUse);
});

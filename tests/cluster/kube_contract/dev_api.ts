/** dev/apiserver as the contract wants it: with our CRD, and with a past that it has forgotten. */
import assert from "node:assert/strict";
import { type Clock, systemClock } from "../../../base/clock.ts";
import { MemoryLogger } from "../../../base/log.ts";
import type { JsonObject } from "../../../dev/apiserver/object.ts";
import { type DevApiServer, startDevApiServer } from "../../../dev/apiserver/server.ts";
import { manifest } from "../../peers/manifest.ts";

/** Longer than it remembers changes. */
const AGES_MS = 60 * 60_000;
/** What watches may go back to whatever its age. */
const CHANGES_KEPT = 1100;
const CONNECTIONS = 8;

/** Starts it. */
export async function startDevApi(): Promise<DevApiServer> {
  let behindMs = AGES_MS;
  const clock: Clock = { now: () => systemClock.now() - behindMs, sleep: systemClock.sleep };
  const crds = manifest("deploy/crd.yaml") as unknown as JsonObject[];
  const server = await startDevApiServer({ crds, log: new MemoryLogger(), clock });
  try {
    await relabel(server, 1);
    behindMs = 0;
    await relabel(server, CHANGES_KEPT);
  } catch (error) {
    await server[Symbol.asyncDispose]();
    throw error;
  }
  return server;
}

/** Changes an object so many times. */
async function relabel({ url, caPem, token }: DevApiServer, times: number): Promise<void> {
  using client = Deno.createHttpClient({ caCerts: [caPem], http2: false });
  const headers = { authorization: `Bearer ${token}`, "content-type": "application/merge-patch+json" };
  let left = times;
  await Promise.all(Array.from({ length: CONNECTIONS }, async () => {
    while (left-- > 0) {
      const body = JSON.stringify({ metadata: { labels: { left: String(left) } } });
      const response = await fetch(`${url}/api/v1/namespaces/default`, { client, method: "PATCH", headers, body });
      assert.equal(response.status, 200, await response.text());
    }
  }));
}

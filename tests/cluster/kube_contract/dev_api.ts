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

/** Starts it. */
export async function startDevApi(): Promise<DevApiServer> {
  let behindMs = AGES_MS;
  const clock: Clock = { now: () => systemClock.now() - behindMs, sleep: systemClock.sleep };
  const crds = manifest("deploy/crd.yaml") as unknown as JsonObject[];
  const server = await startDevApiServer({ crds, log: new MemoryLogger(), clock });
  await rename(server, 1);
  behindMs = 0;
  await rename(server, CHANGES_KEPT);
  return server;
}

/** Changes an object so many times. */
async function rename({ url, caPem, token }: DevApiServer, times: number): Promise<void> {
  using client = Deno.createHttpClient({ caCerts: [caPem], http2: false });
  await Promise.all(Array.from({ length: times }, async (_, time) => {
    const response = await fetch(`${url}/api/v1/namespaces/default`, {
      client,
      method: "PATCH",
      headers: { authorization: `Bearer ${token}`, "content-type": "application/merge-patch+json" },
      body: JSON.stringify({ metadata: { labels: { time: String(time) } } }),
    });
    assert.equal(response.status, 200, await response.text());
  }));
}

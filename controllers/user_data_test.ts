import { deepEqual, equal } from "node:assert/strict";
import { FakeClock } from "../base/clock.ts";
import { MemoryLogger } from "../base/log.ts";
import { TaskGroup } from "../base/tasks.ts";
import { UserDataCache, type UserDataOptions, valueOf } from "./user_data.ts";

const decode = (bytes: Uint8Array | undefined) => new TextDecoder().decode(bytes);

Deno.test("valueOf() reads data and binaryData (contract 7)", () => {
  const map = { data: { "user-data": "#cloud-config\n" }, binaryData: { bin: "AAH/" } };
  equal(decode(valueOf(map, "user-data")), "#cloud-config\n");
  deepEqual(valueOf(map, "bin"), new Uint8Array([0, 1, 255]));
  for (const key of ["other", "constructor", "__proto__"]) equal(valueOf(map, key), undefined);
});

Deno.test("UserDataCache reads a namespace once and tells absent ConfigMaps from absent keys", async () => {
  const lists: string[] = [];
  const log = new MemoryLogger();
  await using tasks = new TaskGroup(log);
  const listed = Promise.withResolvers<void>();
  const client: UserDataOptions["client"] = {
    server: "https://api",
    async *list(resource) {
      lists.push(resource.namespace ?? "");
      const metadata = { namespace: "x", name: "ud", resourceVersion: "1" };
      yield { items: [{ metadata, data: { "user-data": "hello" } }] as never, resourceVersion: "1" };
    },
    async *watch(_resource, _selection, { signal }) {
      listed.resolve();
      yield new Uint8Array(0);
      signal?.throwIfAborted();
      await new Promise((_, reject) => signal?.addEventListener("abort", () => reject(signal.reason)));
    },
  };
  const cache = new UserDataCache({ client, log, clock: new FakeClock(), random: () => 0, tasks });
  const ref = { namespace: "x", name: "ud", key: "user-data" };
  deepEqual(cache.lookup(ref), { kind: "notYet" });
  await listed.promise;
  const found = cache.lookup(ref);
  equal(found.kind === "found" && decode(found.body), "hello");
  deepEqual(cache.lookup({ ...ref, key: "other" }), { kind: "noKey" });
  deepEqual(cache.lookup({ ...ref, name: "none" }), { kind: "noConfigMap" });
  deepEqual(lists, ["x"]);
});

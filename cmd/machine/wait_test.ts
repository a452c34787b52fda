import { deepEqual, match } from "node:assert/strict";
import { FakeClock } from "../../base/clock.ts";
import type { Selection } from "../../k8s/client.ts";
import { ApiError } from "../../k8s/errors.ts";
import type { KubeObject } from "../../k8s/object.ts";
import type { MachineObject } from "../../machine/types.ts";
import { LiveLines } from "../live_lines.ts";
import { waitFor, type WaitOptions } from "./wait.ts";

function machine(name: string, rebootCounter: number): MachineObject & KubeObject {
  return {
    metadata: { name, uid: "u", resourceVersion: "1" },
    spec: { pxe: { redfish: {} }, operations: { rebootCounter: 1 } },
    status: { operations: { rebootCounter } },
  };
}

const goal = { kind: "reboot", until: "power", uid: "u", rebootCounter: 1, repaveCounter: 0 } as const;
const asked = (name: string) => ({ name, goal, object: machine(name, 0) });

/** Waits with a cluster whose list holds these, and whose watch is silent. */
async function wait(
  names: readonly string[],
  list: () => KubeObject[],
  { clock = new FakeClock(), selection = {} }: { clock?: FakeClock; selection?: Selection } = {},
) {
  const said = { out: "", err: "" };
  const client = {
    server: "https://api.test",
    async *list() {
      yield { items: await Promise.resolve(list()), resourceVersion: "1" };
    },
    async *watch(_resource: unknown, _selection: unknown, { signal }: { signal?: AbortSignal }) {
      yield new Uint8Array(0);
      await new Promise<void>((_, reject) => signal?.addEventListener("abort", () => reject(signal.reason)));
    },
  } as unknown as WaitOptions["client"];
  const waited = await waitFor(names.map(asked), selection, {
    ...{ client, clock, random: () => 0, signal: new AbortController().signal, program: "metalman", isNamed: true },
    lines: new LiveLines({ stdout: (text) => void (said.out += text), terminal: () => undefined }),
    stderr: (text) => said.err += text,
  });
  return { ...waited, ...said };
}

Deno.test("waitFor(): a Machine that the list does not hold was deleted meanwhile; others do not count", async () => {
  const { code, objects, err, out } = await wait(["a", "b"], () => [machine("a", 1), machine("other", 1)]);
  deepEqual([code, objects.map(({ metadata }) => metadata.name)], [1, ["a"]]);
  deepEqual(err, 'Error: machine "b": the Machine was deleted\n');
  match(out, /^a: Powering off...\n[^]*a: ready\n$/);
});

Deno.test("waitFor(): a Machine that -l shows no more may have lost its labels only", async () => {
  const { code, err } = await wait(["a"], () => [], { selection: { labelSelector: "rack=a" } });
  deepEqual([code, err], [1, 'Error: machine "a": the Machine was deleted, or has lost its labels (rack=a)\n']);
});

Deno.test("waitFor(): without the right to watch it ends, since nothing would ever be seen", async () => {
  const clock = new FakeClock();
  const waited = wait(["a"], () => {
    // The first refusal may pass; the clock stands still until somebody waits for the second try.
    queueMicrotask(() => clock.advance(10_000));
    throw new ApiError("GET /machines", 403, { reason: "Forbidden", message: "no" });
  }, { clock });
  const advance = setInterval(() => clock.advance(10_000), 1);
  const { code, err } = await waited.finally(() => clearInterval(advance));
  deepEqual(code, 1);
  match(
    err,
    /^Error: not allowed to list and watch; grant get, list and watch on this resource: .*403 Forbidden: no\n$/,
  );
});

/** `machine list` and `machine status`. */
import type { KubeClient } from "../../k8s/client.ts";
import { ApiError } from "../../k8s/errors.ts";
import type { KubeObject } from "../../k8s/object.ts";
import type { MachineObject } from "../../machine/types.ts";
import type { Io } from "../io.ts";
import { listMachines, MACHINES } from "./cluster.ts";
import { printed } from "./objects.ts";
import type { ListSettings, StatusSettings } from "./settings.ts";
import { type EventObject, listLines, statusLines } from "./table.ts";

/** What such a command needs. */
interface Show<S> {
  readonly settings: S;
  readonly io: Io;
  readonly client: KubeClient;
  readonly nowMs: number;
}

/** Events of a cluster-scoped object are in this namespace. */
const EVENTS = { group: "", version: "v1", plural: "events", namespace: "default" };

/** Lists Machines. @returns the exit code */
export async function list({ settings, io, client, nowMs }: Show<ListSettings>): Promise<number> {
  const { selector, output } = settings;
  const objects = await listMachines(client, { signal: io.signal, ...(selector === undefined ? {} : { selector }) });
  if (output !== undefined) io.stdout(await printed(objects, output, true));
  else if (objects.length === 0) io.stderr("No resources found\n");
  else io.stdout(`${listLines(objects, nowMs).join("\n")}\n`);
  return 0;
}

/** Shows one Machine. @returns the exit code */
export async function status({ settings, io, client, nowMs }: Show<StatusSettings>): Promise<number> {
  const { name, output } = settings;
  const object = await client.get<MachineObject & KubeObject>(MACHINES, { name }, { signal: io.signal });
  const text = output === undefined
    ? `${statusLines(object, await eventsOf(client, object), nowMs).join("\n")}\n`
    : await printed([object], output, false);
  io.stdout(text);
  return 0;
}

/** The Events about a Machine; undefined where they may not be read. */
async function eventsOf(
  client: KubeClient,
  { metadata: { name, uid } }: KubeObject,
): Promise<EventObject[] | undefined> {
  const about = [["kind", "Machine"], ["name", name], ...uid === undefined ? [] : [["uid", uid]]];
  const fieldSelector = about.map(([field, value]) => `involvedObject.${field}=${value}`).join(",");
  const events: EventObject[] = [];
  try {
    for await (const { items } of client.list<KubeObject & EventObject>(EVENTS, { fieldSelector })) {
      events.push(...items);
    }
  } catch (error) {
    if (error instanceof ApiError && error.status === 403) return;
    throw error;
  }
  return events;
}

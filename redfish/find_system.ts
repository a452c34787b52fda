/** Which of a BMC's systems is meant. */
import type { RedfishClient } from "./client.ts";
import { type Document, linkAt, textAt } from "./document.ts";
import { AnswerError } from "./failure.ts";
import { lastPart, membersOf, resetAction } from "./system.ts";
import { BmcError } from "./types.ts";

/** Systems that are looked at in a chassis. */
const MAX_SYSTEMS = 64;

/**
 * The URI of the system that is meant.
 * @throws {BmcError} `no system`
 */
export async function findSystem(client: RedfishClient, deviceId: string, signal: AbortSignal): Promise<string> {
  const root = await client.root(signal);
  const members: string[] = [];
  for (let next = linkAt(root, "Systems") ?? "/redfish/v1/Systems" as string | undefined; next !== undefined;) {
    const part = membersOf((await client.get(next, signal)).document);
    members.push(...part.members);
    next = members.length < MAX_SYSTEMS && part.members.length > 0 ? part.next : undefined;
  }
  const named = members.filter((member) => lastPart(member) === deviceId);
  if (named.length === 1) return named[0]!;
  return await findByDocument(client, members.slice(0, MAX_SYSTEMS), deviceId, signal);
}

/** By the Id in the document; for deviceId 1, the only one that can be reset (contract 11.12). */
async function findByDocument(
  client: RedfishClient,
  members: readonly string[],
  deviceId: string,
  signal: AbortSignal,
): Promise<string> {
  const resettable: string[] = [];
  for (const member of members) {
    const document = await documentAt(client, member, signal);
    if (textAt(document, "Id") === deviceId) return member;
    if (resetAction(document) !== undefined) resettable.push(member);
  }
  if (deviceId === "1" && resettable.length === 1) return resettable[0]!;
  const all = members.map(lastPart).join(", ").slice(0, 300);
  throw new BmcError(
    "no system",
    members.length === 0
      ? "it shows no systems"
      : `it has no system ${deviceId}; spec.pxe.redfish.deviceID may be one of: ${all}`,
  );
}

/** Undefined where a list names what is not there (any more). */
async function documentAt(client: RedfishClient, path: string, signal: AbortSignal): Promise<Document | undefined> {
  try {
    return (await client.get(path, signal)).document;
  } catch (error) {
    if (error instanceof AnswerError && error.isGone) return undefined;
    throw error;
  }
}

/** What the servers see of machines, told to their boots: joins pxe/ and controllers/. */
import { formatIpv4 } from "../../base/address.ts";
import type { BootReports } from "../../controllers/boot_reports.ts";
import type { Protocol } from "../../controllers/boot_trace.ts";
import type { Directory } from "../../machine/directory.ts";
import type { TellOwner } from "../../machine/event_reasons.ts";
import type { FileAnswer, FileResolver } from "../../pxe/answer.ts";
import type { DhcpEvent } from "../../pxe/dhcp/server.ts";
import type { ImageDirectory } from "../../pxe/image.ts";

/** Whom it is told. */
export interface Witnesses {
  readonly boots: Pick<BootReports, "dhcp" | "file">;
  /** An Event; of what is in the log already. */
  readonly event: TellOwner;
  readonly images: ImageDirectory;
}

/** Takes a DHCP message of a Machine and what came of it. */
export function dhcpSeen(
  { hit: { machine, lease }, request, outcome, reply, reason, firmware, noBootFile }: DhcpEvent,
  { boots, event, images }: Witnesses,
): void {
  const { architecture } = firmware ?? {};
  const silence = outcome === "reply" && reply !== "NAK" ? undefined : reason;
  const discover = request === "DISCOVER";
  const sight = { kind: "dhcp" as const, discover, ...(architecture === undefined ? {} : { architecture }) };
  boots.dhcp(machine, silence, firmware === undefined ? undefined : sight);
  if (outcome === "declined") {
    event(machine, "Warning", "AddressDeclined", `the machine found ${formatIpv4(lease.ipv4)} in use by somebody else`);
  }
  // While the image is on its way, its own Events say so.
  if (firmware === undefined || noBootFile === undefined || "reason" in images.imageFor(machine, false)) return;
  event(machine, "Warning", "NoBootFile", `firmware ${architecture ?? firmware.kind}: ${noBootFile}`);
}

/** Passes questions for files on and tells who asked. */
export function tracedResolver(
  { boots, images }: Witnesses,
  resolve: FileResolver,
  directory: Pick<Directory, "byIp">,
  over: Protocol,
): FileResolver {
  return (client, path) => {
    const remember = (answer: FileAnswer) => {
      const machine = directory.byIp(client)?.machine;
      if (machine === undefined) return answer;
      const image = images.imageFor(machine, false);
      boots.file(machine, {
        path,
        over,
        failure: "reason" in answer ? answer.reason : undefined,
        image: "digest" in image ? image.digest : undefined,
      });
      return answer;
    };
    const answer = resolve(client, path);
    return answer instanceof Promise ? answer.then(remember) : remember(answer);
  };
}

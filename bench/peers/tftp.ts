/** The TFTP servers of Debian: tftpd-hpa (a process for each transfer) and atftpd (a thread each; RFC 7440). */
import { Daemon } from "../daemon.ts";
import type { Stage } from "../stage.ts";
import { isBound, PEER } from "../wire.ts";

/** tftpd-hpa's program. */
export const TFTPD_HPA = "in.tftpd";
/** atftpd's program. */
export const ATFTPD = "atftpd";
/** Where each listens on {@link PEER}. */
export const TFTP_PORTS: Readonly<Record<string, number>> = { [TFTPD_HPA]: 69, [ATFTPD]: 70 };

/** Starts tftpd-hpa over a folder. */
export function startTftpdHpa(stage: Stage, folder: string): Promise<Daemon> {
  const port = TFTP_PORTS[TFTPD_HPA]!;
  return Daemon.start(stage, {
    program: TFTPD_HPA,
    args: ["-L", "-u", "nobody", "-a", `${PEER}:${port}`, "-s", folder],
    isReady: () => isBound("udp", PEER, port),
  });
}

/** Starts atftpd over a folder. */
export function startAtftpd(stage: Stage, folder: string): Promise<Daemon> {
  const port = TFTP_PORTS[ATFTPD]!;
  return Daemon.start(stage, {
    program: ATFTPD,
    args: [
      "--daemon",
      "--no-fork",
      "--port",
      String(port),
      "--bind-address",
      PEER,
      "--maxthread",
      "200",
      "--logfile",
      "-",
      folder,
    ],
    isReady: () => isBound("udp", PEER, port),
  });
}

/** What the machine commands do. */
import { systemClock } from "../../base/clock.ts";
import type { Io } from "../io.ts";
import { connect, errorLine } from "./cluster.ts";
import { power } from "./power.ts";
import type { MachineSettings } from "./settings.ts";
import { list, status } from "./show.ts";

/**
 * Runs one machine command.
 * @returns the exit code: 0 done, 1 failed, 124 waited too long, 130 interrupted
 */
export async function machine(settings: MachineSettings, io: Io): Promise<number> {
  const clock = systemClock;
  try {
    using client = await connect(settings);
    switch (settings.kind) {
      case "list":
        return await list({ settings, io, client, nowMs: clock.now() });
      case "status":
        return await status({ settings, io, client, nowMs: clock.now() });
      default:
        return await power({ settings, io, client, clock, random: Math.random });
    }
  } catch (error) {
    if (io.signal.aborted) return 130;
    const line = errorLine(error);
    if (line === undefined) throw error;
    io.stderr(`${line}\n`);
    return 1;
  }
}

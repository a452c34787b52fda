/** What is said about Machines, as Events and as lines of the log. */
import type { Clock } from "../../base/clock.ts";
import { LineBudget } from "../../base/line_budget.ts";
import type { Logger } from "../../base/log.ts";
import { bootEvent } from "../../controllers/boot_events.ts";
import type { EventRecorder } from "../../k8s/events.ts";
import type { BootStatus, BootStep } from "../../machine/boot_status.ts";
import { EVENT_REASONS, type EventReason, type TellOwner } from "../../machine/event_reasons.ts";
import { type Machine, MACHINE_API_VERSION } from "../../machine/types.ts";

const about = ({ name, uid }: Machine) => ({ apiVersion: MACHINE_API_VERSION, kind: "Machine", name, uid });

/** A machine that asks again and again for what fails must not fill the log; the Event recorder counts on its own. */
const WARNINGS = { burst: 500, perSecond: 5 };

/** Events alone: for what whoever found it has logged already. */
export function recorder(events: EventRecorder, count: (reason: EventReason) => void): TellOwner {
  return (machine, type, reason, message) => {
    count(reason);
    events.record(about(machine), { type, reason, message });
  };
}

/** Events of the steps of boots, each at its own time. */
export function bootRecorder(
  events: EventRecorder,
  count: (reason: EventReason) => void,
): (machine: Machine, step: BootStep, boot: BootStatus) => void {
  return (machine, step, boot) => {
    const event = bootEvent(step, boot);
    if (event === undefined) return;
    count(event.reason);
    events.record(about(machine), { ...event, type: EVENT_REASONS[event.reason] }, Date.parse(step.time));
  };
}

/** Events, and a line for a warning. */
export function reporter(event: TellOwner, log: Logger, clock: Clock): TellOwner {
  const budget = new LineBudget(WARNINGS);
  return (machine, severity, reason, message) => {
    event(machine, severity, reason, message);
    if (severity === "Normal" || !budget.take(clock.now())) return;
    log.warn("machine needs attention", {
      machine: machine.name,
      reason,
      message,
      alsoHeldBack: budget.heldBack(),
    });
  };
}

/** Why pods do not come up: pure, from pods to lines. */

/** A pod, as far as its trouble goes. */
export interface PodObject {
  readonly metadata: { readonly name: string; readonly deletionTimestamp?: string };
  readonly status?: {
    readonly conditions?: readonly { readonly type: string; readonly status: string; readonly message?: string }[];
    readonly containerStatuses?: readonly ContainerStatus[];
  };
}

interface ContainerStatus {
  readonly ready?: boolean;
  readonly state?: {
    readonly waiting?: { readonly reason?: string; readonly message?: string };
    readonly running?: object;
  };
  readonly lastState?: { readonly terminated?: { readonly exitCode?: number; readonly reason?: string } };
}

/** What every pod goes through. */
const ROUTINE = new Set(["ContainerCreating", "PodInitializing"]);
const MOST_LINES = 5;

const withMessage = (text: string, message: string | undefined) => message ? `${text}: ${message}` : text;

function containerTrouble({ ready, state, lastState }: ContainerStatus): string | undefined {
  const reason = state?.waiting?.reason;
  const ended = lastState?.terminated;
  const before = ended === undefined ? "" : ` (it ended with ${ended.exitCode ?? "an unknown code"}` +
    `${ended.reason === undefined || ended.reason === "Error" ? "" : `, ${ended.reason}`})`;
  if (reason !== undefined && !ROUTINE.has(reason)) return withMessage(`${reason}${before}`, state?.waiting?.message);
  return state?.running !== undefined && ready === false ? `runs and is not ready${before}` : undefined;
}

function troubleOf({ status: { conditions = [], containerStatuses = [] } = {} }: PodObject): string | undefined {
  const unscheduled = conditions.find(({ type, status }) => type === "PodScheduled" && status === "False");
  if (unscheduled !== undefined) return withMessage("no node takes it", unscheduled.message);
  return containerStatuses.map(containerTrouble).find((trouble) => trouble !== undefined);
}

/** A line for each pod in trouble, up to a few. */
export function podTroubles(pods: readonly PodObject[]): string[] {
  const lines = pods.filter(({ metadata }) => metadata.deletionTimestamp === undefined).flatMap((pod) => {
    const trouble = troubleOf(pod);
    return trouble === undefined ? [] : [`${pod.metadata.name}: ${trouble.replace(/\s+/g, " ").slice(0, 300)}`];
  });
  return lines.length > MOST_LINES ? [...lines.slice(0, MOST_LINES), `${lines.length - MOST_LINES} more`] : lines;
}

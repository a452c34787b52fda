/** Tasks: what a BMC does after it has answered 202 (DSP0266 13.6). */
import { textAt } from "./document.ts";
import { toldBy } from "./failure.ts";

/** How far a task is. */
export type TaskProgress =
  | { readonly kind: "running" }
  | { readonly kind: "done" }
  | { readonly kind: "failed"; readonly reason: string };

const FAILED = new Set(["Exception", "Killed", "Cancelled", "Interrupted"]);

/** Whether a document is a task. */
export function isTask(document: unknown): boolean {
  return textAt(document, "TaskState") !== undefined;
}

/** What a task's document says. A TaskState that is not known is waited for. */
export function readTask(document: unknown): TaskProgress {
  const state = textAt(document, "TaskState") ?? "";
  if (state === "Completed") {
    return textAt(document, "TaskStatus") === "Critical"
      ? { kind: "failed", reason: reasonOf(document, "Completed, but Critical") }
      : { kind: "done" };
  }
  return FAILED.has(state) ? { kind: "failed", reason: reasonOf(document, state) } : { kind: "running" };
}

function reasonOf(document: unknown, state: string): string {
  const told = toldBy(document);
  return `the BMC's task ended ${state}${told === "" ? "" : `: ${told}`}`;
}

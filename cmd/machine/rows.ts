/** The lines of machines that are waited for: pure, from progress to text. */
import { age } from "../../base/age.ts";
import { type Progress, standing } from "./steps.ts";

/** A machine that is waited for. */
export interface Row {
  readonly name: string;
  readonly progress: Progress;
}

const cut = (text: string, width: number) => text.length <= width ? text : `${text.slice(0, Math.max(0, width - 1))}…`;

const MARKS = { done: "✓", failed: "✗", waiting: " " } as const;

/** Those that fit on the terminal, those first that are waited for; what does not fit is counted. */
export function block(
  rows: readonly Row[],
  elapsedMs: number,
  terminal: { readonly columns: number; readonly rows: number },
): string[] {
  const isWaiting = ({ progress }: Row) => progress.outcome.kind === "waiting";
  const rank = (row: Row) => isWaiting(row) ? 0 : row.progress.outcome.kind === "failed" ? 1 : 2;
  const room = Math.max(1, terminal.rows - 2);
  const shown = rows.length <= room ? rows : [...rows].sort((a, b) => rank(a) - rank(b)).slice(0, room - 1);
  const width = Math.max(0, ...shown.map(({ name }) => name.length));
  const lines = shown.map((row) => {
    const time = isWaiting(row) ? `  ${age(elapsedMs)}` : "";
    return `${MARKS[row.progress.outcome.kind]} ${row.name.padEnd(width)}  ${standing(row.progress)}${time}`;
  });
  if (shown.length < rows.length) {
    const done = rows.filter(({ progress }) => progress.outcome.kind === "done").length;
    lines.push(`  ${rows.length} machines, ${done} ready, ${rows.filter(isWaiting).length} on their way`);
  }
  return lines.map((line) => cut(line, terminal.columns - 1));
}

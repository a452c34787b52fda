/** What a run found, as rows, and how they are printed. */
import type { Area } from "./options.ts";

/** What a figure has to reach. */
export interface Target {
  /** Judged is our figure itself, or our figure divided by the peer's. */
  readonly of: "ours" | "ratio";
  /** Which side of `than` is wanted. */
  readonly is: "atLeast" | "atMost";
  /** The bound itself is good. */
  readonly than: number;
}

/** One figure. */
export interface Row {
  /** What it is part of. */
  readonly area: Area;
  /** What was measured, in words. */
  readonly figure: string;
  /** Of `ours` and of the peer's value. */
  readonly unit: string;
  /** Absent: it could not be measured; `note` says why. */
  readonly ours?: number;
  /** The program it is compared with; `value` is absent where it is not installed. */
  readonly peer?: { readonly name: string; readonly value?: number };
  /** Absent: measured to be known, nothing has to be reached. */
  readonly target?: Target;
  /** What the number alone does not say. */
  readonly note?: string;
}

/** A row with what follows from it. */
export interface JudgedRow extends Row {
  /** Ours divided by the peer's. */
  readonly ratio?: number;
  /** Absent: there is no target, or what it judges was not measured. */
  readonly reached?: boolean;
}

/** Adds the ratio, and whether the target is reached. */
export function judge(row: Row): JudgedRow {
  const { ours, peer, target } = row;
  const ratio = ours !== undefined && peer?.value !== undefined && peer.value > 0 ? ours / peer.value : undefined;
  const judged = target?.of === "ratio" ? ratio : ours;
  return {
    ...row,
    ...(ratio === undefined ? {} : { ratio }),
    ...(target === undefined || judged === undefined
      ? {}
      : { reached: target.is === "atLeast" ? judged >= target.than : judged <= target.than }),
  };
}

/** Three digits that mean something: 0.0123, 1.23, 12.3, 123, 12,345. */
export function number(value: number): string {
  if (value === 0) return "0";
  const digits = Math.max(0, Math.min(6, 2 - Math.floor(Math.log10(Math.abs(value)))));
  return value.toLocaleString("en-US", { maximumFractionDigits: digits, minimumFractionDigits: Math.min(digits, 2) });
}

function targetText({ of, is, than }: Target): string {
  return `${of === "ratio" ? "ratio " : ""}${is === "atLeast" ? "at least" : "at most"} ${
    than.toLocaleString("en-US")
  }`;
}

function cells(row: JudgedRow): string[] {
  const { figure, unit, ours, peer, ratio, target, reached, note } = row;
  const peerText = peer === undefined ? "" : `${peer.name} ${peer.value === undefined ? "-" : number(peer.value)}`;
  return [
    `${row.area}: ${figure}, ${unit}`,
    ours === undefined ? "-" : number(ours),
    peerText,
    ratio === undefined ? "" : ratio.toFixed(2),
    target === undefined ? "" : targetText(target),
    target === undefined ? "" : reached === undefined ? "not measured" : reached ? "yes" : "NO",
    note ?? "",
  ];
}

const HEADER = ["figure", "ours", "peer", "ratio", "target", "reached", "note"];

/** A Markdown table whose columns also line up as plain text. */
export function table(rows: readonly JudgedRow[]): string {
  const lines = [HEADER, ...rows.map(cells)];
  const widths = HEADER.map((_, i) => Math.max(...lines.map((line) => line[i]!.length)));
  const text = (line: string[]) => `| ${line.map((cell, i) => cell.padEnd(widths[i]!)).join(" | ")} |`;
  const rule = `|${widths.map((width) => "-".repeat(width + 2)).join("|")}|`;
  return [text(lines[0]!), rule, ...lines.slice(1).map(text)].join("\n");
}

/** The middle of some measurements; of an even number the mean of the middle two. */
export function median(values: readonly number[]): number {
  if (values.length === 0) throw new RangeError("median of nothing");
  const sorted = [...values].sort((a, b) => a - b);
  const upper = Math.floor(sorted.length / 2);
  return sorted.length % 2 === 1 ? sorted[upper]! : (sorted[upper - 1]! + sorted[upper]!) / 2;
}

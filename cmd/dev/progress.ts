/** What `metalman dev` shows of its machines: pure, from events to lines. */
import type { MachineEvent, Stage } from "../../dev/rack/types.ts";

/** A machine on its way. */
interface Row {
  readonly name: string;
  readonly ip: string;
  stage: Stage;
  detail: string;
  progress: MachineEvent["progress"];
  /** When it was switched on. */
  startedMs: number;
  stageSinceMs: number;
  /** How long each stage took, in all of its turns: firmware that finds nothing to boot goes round and round. */
  took: Map<Stage, number>;
  /** The cluster says that it is installed, and it runs. */
  installedMs: number | undefined;
}

const BAR = 16;

const seconds = (ms: number) => `${(ms / 1000).toFixed(1)}s`;
const cut = (text: string, width: number) => text.length <= width ? text : `${text.slice(0, Math.max(0, width - 1))}…`;

function size(bytes: number): string {
  return bytes < 1 << 20 ? `${Math.ceil(bytes / 1024)} KiB` : `${(bytes / (1 << 20)).toFixed(1)} MiB`;
}

function bar({ bytes, total }: NonNullable<MachineEvent["progress"]>): string {
  if (total === undefined || total === 0) return size(bytes);
  const full = Math.round(BAR * Math.min(1, bytes / total));
  return `[${"=".repeat(full)}${" ".repeat(BAR - full)}] ${size(bytes)} of ${size(total)}`;
}

/** All machines and how far they are. Times are in milliseconds since the start. */
export class Progress {
  readonly #rows = new Map<string, Row>();

  /** A machine that will be shown, by its MAC. */
  add(mac: string, name: string, ip: string): void {
    this.#rows.set(mac, {
      ...{ name, ip, stage: "off", detail: "", progress: undefined },
      ...{ startedMs: 0, stageSinceMs: 0, took: new Map(), installedMs: undefined },
    });
  }

  /** A machine that is gone. */
  remove(mac: string): void {
    this.#rows.delete(mac);
  }

  /** How many there are. */
  get total(): number {
    return this.#rows.size;
  }

  /** How many have installed. */
  get installed(): number {
    return [...this.#rows.values()].filter(({ installedMs }) => installedMs !== undefined).length;
  }

  /** Takes in what a machine did; the line to print for it, if it is one for people. */
  event({ mac, stage, detail, progress, atMs }: MachineEvent): string | undefined {
    const row = this.#rows.get(mac);
    if (row === undefined) return;
    row.progress = progress;
    row.detail = detail;
    if (row.stage === stage) return;
    if (row.stage === "off") Object.assign(row, { startedMs: atMs, took: new Map(), installedMs: undefined });
    else row.took.set(row.stage, (row.took.get(row.stage) ?? 0) + atMs - row.stageSinceMs);
    row.stage = stage;
    row.stageSinceMs = atMs;
    return this.#line(row, atMs, stage, detail);
  }

  /**
   * The cluster says that a machine is installed; the line to print the first time, once the machine runs.
   * @returns undefined when it does not run yet, or was told before
   */
  confirm(mac: string, atMs: number): string | undefined {
    const row = this.#rows.get(mac);
    if (row === undefined || row.stage !== "running" || row.installedMs !== undefined) return;
    row.installedMs = atMs;
    const parts = Array.from(row.took, ([stage, ms]) => `${stage} ${seconds(ms)}`).join(", ");
    return this.#line(row, atMs, "installed", `in ${seconds(atMs - row.startedMs)}: ${parts}`);
  }

  #line({ name }: Row, atMs: number, what: string, detail: string): string {
    return `${seconds(atMs).padStart(7)}  ${name.padEnd(this.#nameWidth)}  ${what.padEnd(11)}  ${detail}`.trimEnd();
  }

  get #nameWidth(): number {
    return Math.max(7, ...[...this.#rows.values()].map(({ name }) => name.length));
  }

  /** The block to show: one line a machine, those still on their way first, and the sum. */
  block(nowMs: number, { columns, rows }: { readonly columns: number; readonly rows: number }): string[] {
    const all = [...this.#rows.values()];
    const room = Math.max(1, rows - 3);
    const busy = all.filter(({ installedMs }) => installedMs === undefined);
    const done = all.filter(({ installedMs }) => installedMs !== undefined);
    const shown = new Set([...busy, ...done].slice(0, room));
    const width = this.#nameWidth;
    const lines = all.filter((row) => shown.has(row)).map((row) => cut(this.#live(row, width, nowMs), columns - 1));
    const more = all.length > room ? `, ${all.length - room} not shown` : "";
    return [...lines, cut(`${done.length} of ${all.length} installed${more}`, columns - 1)];
  }

  #live(row: Row, width: number, nowMs: number): string {
    const { name, ip, stage, detail, progress, installedMs, startedMs } = row;
    const state = installedMs !== undefined ? "installed" : stage;
    const since = stage === "off" ? "" : seconds((installedMs ?? nowMs) - startedMs);
    const what = progress === undefined ? detail : `${bar(progress)} ${detail}`;
    return `${name.padEnd(width)}  ${ip.padEnd(15)}  ${state.padEnd(11)}  ${since.padStart(6)}  ${what}`;
  }

  /** Each machine that has not installed, with where it is: for the message that ends a run. */
  unfinished(): string[] {
    return [...this.#rows.values()].filter(({ installedMs }) => installedMs === undefined)
      .map(({ name, stage, detail }) => `${name}: ${stage}${detail === "" ? "" : ` (${detail})`}`);
  }
}

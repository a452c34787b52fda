/** Go's time.Time in UTC: reading RFC 3339, and Format with Go's layouts. */

/** An instant: whole seconds since 1970, and nanoseconds. */
export class GoTime {
  readonly seconds: number;
  readonly nanos: number;

  /** @param nanos 0 to 999,999,999 */
  constructor(seconds: number, nanos: number) {
    this.seconds = seconds;
    this.nanos = nanos;
  }

  /** The same instant for JavaScript, which knows UTC calendars. */
  get date(): Date {
    return new Date(this.seconds * 1000);
  }

  /** Negative before the other, positive after it. */
  compare(other: GoTime): number {
    return Math.sign(this.seconds - other.seconds) || Math.sign(this.nanos - other.nanos);
  }
}

/** Go's zero time: January 1 of the year 1. */
export const ZERO_TIME = new GoTime(-62135596800, 0);

const RFC3339 = /^\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}(?:[.,](\d+))?(Z|[+-]\d{2}:\d{2})$/;

/** An RFC 3339 text as time; anything else is the zero time. */
export function readTime(text: unknown): GoTime {
  const match = typeof text === "string" ? RFC3339.exec(text) : null;
  if (match === null) return ZERO_TIME;
  const ms = Date.parse(match[0].replace(/[.,]\d+/, ""));
  if (Number.isNaN(ms)) return ZERO_TIME;
  return new GoTime(ms / 1000, Number((match[1] ?? "").slice(0, 9).padEnd(9, "0")));
}

/** English names of the months. */
export const MONTHS: readonly string[] =
  "January February March April May June July August September October November December".split(" ");
/** English names of the days, Sunday first. */
export const DAYS: readonly string[] = "Sunday Monday Tuesday Wednesday Thursday Friday Saturday".split(" ");

/** The day of the year, from 1. */
export function yearDay({ date }: GoTime): number {
  const first = new Date(0);
  first.setUTCFullYear(date.getUTCFullYear());
  return Math.floor((date.getTime() - first.getTime()) / 86_400_000) + 1;
}

const pad = (n: number, width = 2) => String(n).padStart(width, "0");
const hour12 = (d: Date) => d.getUTCHours() % 12 || 12;

/** What each piece of a layout prints. Earlier pieces win where both fit. */
const PIECES: readonly (readonly [string, (time: GoTime, date: Date) => string])[] = [
  ["January(?![a-z])", (_, d) => MONTHS[d.getUTCMonth()]!],
  ["Jan(?![a-z])", (_, d) => MONTHS[d.getUTCMonth()]!.slice(0, 3)],
  ["Monday(?![a-z])", (_, d) => DAYS[d.getUTCDay()]!],
  ["Mon(?![a-z])", (_, d) => DAYS[d.getUTCDay()]!.slice(0, 3)],
  ["MST", () => "UTC"],
  ["2006", (_, d) => pad(d.getUTCFullYear(), 4)],
  ["_2006", (_, d) => `_${pad(d.getUTCFullYear(), 4)}`],
  ["__2", (t) => String(yearDay(t)).padStart(3)],
  ["_2", (_, d) => String(d.getUTCDate()).padStart(2)],
  ["002", (t) => pad(yearDay(t), 3)],
  ["01", (_, d) => pad(d.getUTCMonth() + 1)],
  ["02", (_, d) => pad(d.getUTCDate())],
  ["03", (_, d) => pad(hour12(d))],
  ["04", (_, d) => pad(d.getUTCMinutes())],
  ["05", (_, d) => pad(d.getUTCSeconds())],
  ["06", (_, d) => pad(d.getUTCFullYear() % 100)],
  ["15", (_, d) => pad(d.getUTCHours())],
  ["PM", (_, d) => d.getUTCHours() >= 12 ? "PM" : "AM"],
  ["pm", (_, d) => d.getUTCHours() >= 12 ? "pm" : "am"],
  ["-07:00:00", () => "+00:00:00"],
  ["-07:00", () => "+00:00"],
  ["-070000", () => "+000000"],
  ["-0700", () => "+0000"],
  ["-07", () => "+00"],
  ["Z07:00:00", () => "Z"],
  ["Z07:00", () => "Z"],
  ["Z070000", () => "Z"],
  ["Z0700", () => "Z"],
  ["Z07", () => "Z"],
  ["1", (_, d) => String(d.getUTCMonth() + 1)],
  ["2", (_, d) => String(d.getUTCDate())],
  ["3", (_, d) => String(hour12(d))],
  ["4", (_, d) => String(d.getUTCMinutes())],
  ["5", (_, d) => String(d.getUTCSeconds())],
];
const FRACTION = "[.,](?:0+|9+)(?!\\d)";
const LAYOUT = new RegExp(`(${FRACTION})|${PIECES.map(([piece]) => `(${piece})`).join("|")}`, "g");

function fraction(layout: string, { nanos }: GoTime): string {
  const digits = pad(nanos, 9).slice(0, layout.length - 1);
  const kept = layout[1] === "9" ? digits.replace(/0+$/, "") : digits;
  return kept === "" ? "" : layout[0] + kept;
}

/** Go's Format. */
export function formatTime(time: GoTime, layout: string): string {
  const { date } = time;
  return layout.replace(LAYOUT, (match, ...groups) => {
    if (groups[0] !== undefined) return fraction(match, time);
    const piece = groups.findIndex((group, i) => i > 0 && group !== undefined) - 1;
    return PIECES[piece]![1](time, date);
  });
}

/** Go's String. */
export function showTime(time: GoTime): string {
  return formatTime(time, "2006-01-02 15:04:05.999999999 -0700 MST");
}

/** Go's GoString: a time that was read is local, the zero time never was. */
export function goSyntaxTime(time: GoTime): string {
  const d = time.date;
  const zone = time === ZERO_TIME ? "UTC" : "Local";
  const numbers = [d.getUTCDate(), d.getUTCHours(), d.getUTCMinutes(), d.getUTCSeconds(), time.nanos].join(", ");
  return `time.Date(${d.getUTCFullYear()}, time.${MONTHS[d.getUTCMonth()]}, ${numbers}, time.${zone})`;
}

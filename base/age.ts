/** How long something has been, as kubectl says it: about two figures. */

const MINUTE = 60;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;
const YEAR = 365 * DAY;

/** Ends, in seconds, with the unit shown up to there and the smaller one beside it. */
const STEPS: readonly (readonly [end: number, unit: number, name: string, rest?: number, restName?: string])[] = [
  [2 * MINUTE, 1, "s"],
  [10 * MINUTE, MINUTE, "m", 1, "s"],
  [3 * HOUR, MINUTE, "m"],
  [8 * HOUR, HOUR, "h", MINUTE, "m"],
  [2 * DAY, HOUR, "h"],
  [8 * DAY, DAY, "d", HOUR, "h"],
  [2 * YEAR, DAY, "d"],
  [8 * YEAR, YEAR, "y", DAY, "d"],
];

/** `5s`, `3m20s`, `2d`; a second of the future is `0s`, since clocks differ. */
export function age(ms: number): string {
  const seconds = Math.trunc(ms / 1000);
  if (seconds < -1) return "<invalid>";
  if (seconds < 0) return "0s";
  const step = STEPS.find(([end]) => seconds < end);
  if (step === undefined) return `${Math.trunc(seconds / YEAR)}y`;
  const [, unit, name, restUnit, restName] = step;
  const whole = `${Math.trunc(seconds / unit)}${name}`;
  const rest = restUnit === undefined ? 0 : Math.trunc(seconds % unit / restUnit);
  return rest === 0 ? whole : `${whole}${rest}${restName}`;
}

/** The age of a timestamp; `<unknown>` where there is none. */
export function ageOf(timestamp: unknown, nowMs: number): string {
  if (typeof timestamp !== "string" || timestamp === "") return "<unknown>";
  const since = Date.parse(timestamp);
  return Number.isNaN(since) ? "<invalid>" : age(nowMs - since);
}

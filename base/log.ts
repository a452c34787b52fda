/**
 * Structured logs: a constant message and fields, as text or JSON lines on standard error.
 * @logtape/logtape does the work; nothing else in the project knows it.
 */
import { configureSync, getLogger, type LogRecord, resetSync } from "@logtape/logtape";

/** Fields of a log line; names are the field's own: machine, mac, ip, image, path, reason. */
export type LogFields = Readonly<Record<string, unknown>>;

/** Least important first. */
export type LogLevel = "debug" | "info" | "warn" | "error";

/** What a module logs to; passed in, never global. */
export interface Logger {
  /** Says whether a line of this level would be written, to spare the work of composing it. */
  enabled(level: LogLevel): boolean;
  /** For whoever looks for a fault in metalman itself. */
  debug(message: string, fields?: LogFields): void;
  /** A decision that an operator may ask about. */
  info(message: string, fields?: LogFields): void;
  /** Something is wrong and the work goes on. */
  warn(message: string, fields?: LogFields): void;
  /** Something was lost or cannot go on. */
  error(message: string, fields?: LogFields): void;
  /** A logger that adds these fields to each line. */
  with(fields: LogFields): Logger;
}

/** Where lines go and how they look. */
export interface LogOptions {
  /** Lines below it are dropped. @default "info" */
  readonly level?: LogLevel;
  /** `text` for people, `json` for machines. @default "text" */
  readonly format?: "text" | "json";
  /** Takes each finished line, without a line break. @default standard error */
  readonly write?: (line: string) => void;
}

const RANK: Readonly<Record<LogLevel, number>> = { debug: 0, info: 1, warn: 2, error: 3 };

function plain(value: unknown): unknown {
  if (value instanceof Error) return value.message;
  return typeof value === "bigint" ? String(value) : value;
}

function textValue(value: unknown): string {
  const text = typeof value === "string" ? value : JSON.stringify(plain(value)) ?? "undefined";
  return text !== "" && /^[^\s"=\\\p{C}]+$/u.test(text) ? text : JSON.stringify(text);
}

/** One line of the text format: time, level, message, `name=value` each; values are quoted where they need it. */
function textLine(record: LogRecord): string {
  const time = new Date(record.timestamp).toISOString();
  let line = `${time} ${levelOf(record).toUpperCase().padEnd(5)} ${record.rawMessage as string}`;
  for (const [name, value] of Object.entries(record.properties)) {
    if (value !== undefined) line += ` ${name}=${textValue(plain(value))}`;
  }
  return line;
}

/** One line of the JSON format: `time`, `level`, `msg`, then the fields. */
function jsonLine(record: LogRecord): string {
  const fields = Object.fromEntries(Object.entries(record.properties).map(([k, v]) => [k, plain(v)]));
  return JSON.stringify({
    time: new Date(record.timestamp).toISOString(),
    level: levelOf(record),
    msg: record.rawMessage,
    ...fields,
  });
}

function levelOf(record: LogRecord): LogLevel {
  return record.level === "warning" ? "warn" : record.level as LogLevel;
}

const encoder = new TextEncoder();

function toStandardError(line: string): void {
  const bytes = encoder.encode(line + "\n");
  for (let at = 0; at < bytes.length;) at += Deno.stderr.writeSync(bytes.subarray(at));
}

/** The program's logger. Configures the library for the whole process: call it once, at the start. */
export function createLogger({ level = "info", format = "text", write = toStandardError }: LogOptions = {}): Logger {
  const line = format === "json" ? jsonLine : textLine;
  resetSync();
  configureSync({
    sinks: { out: (record: LogRecord) => write(line(record)) },
    loggers: [
      { category: "metalman", lowestLevel: level === "warn" ? "warning" : level, sinks: ["out"] },
      { category: ["logtape", "meta"], lowestLevel: "error", sinks: ["out"] },
    ],
  });
  return new TapeLogger({}, RANK[level]);
}

class TapeLogger implements Logger {
  readonly #fields: LogFields;
  readonly #lowest: number;
  readonly #tape = getLogger("metalman");

  constructor(fields: LogFields, lowest: number) {
    this.#fields = fields;
    this.#lowest = lowest;
  }
  enabled(level: LogLevel): boolean {
    return RANK[level] >= this.#lowest;
  }
  debug(message: string, fields?: LogFields): void {
    if (this.enabled("debug")) this.#tape.debug(message, { ...this.#fields, ...fields });
  }
  info(message: string, fields?: LogFields): void {
    if (this.enabled("info")) this.#tape.info(message, { ...this.#fields, ...fields });
  }
  warn(message: string, fields?: LogFields): void {
    if (this.enabled("warn")) this.#tape.warn(message, { ...this.#fields, ...fields });
  }
  error(message: string, fields?: LogFields): void {
    if (this.enabled("error")) this.#tape.error(message, { ...this.#fields, ...fields });
  }
  with(fields: LogFields): Logger {
    return new TapeLogger({ ...this.#fields, ...fields }, this.#lowest);
  }
}

/** Collects lines in memory, for tests. */
export class MemoryLogger implements Logger {
  /** What was logged, oldest first. */
  readonly lines: { level: LogLevel; message: string; fields: LogFields }[];
  readonly #fields: LogFields;

  /** @param fields added to each line */
  constructor(fields: LogFields = {}, lines: MemoryLogger["lines"] = []) {
    this.#fields = fields;
    this.lines = lines;
  }
  /** Every level is kept. */
  enabled(): boolean {
    return true;
  }
  #add(level: LogLevel, message: string, fields?: LogFields): void {
    this.lines.push({ level, message, fields: { ...this.#fields, ...fields } });
  }
  /** Keeps the line. */
  debug(message: string, fields?: LogFields): void {
    this.#add("debug", message, fields);
  }
  /** Keeps the line. */
  info(message: string, fields?: LogFields): void {
    this.#add("info", message, fields);
  }
  /** Keeps the line. */
  warn(message: string, fields?: LogFields): void {
    this.#add("warn", message, fields);
  }
  /** Keeps the line. */
  error(message: string, fields?: LogFields): void {
    this.#add("error", message, fields);
  }
  /** Shares this logger's lines. */
  with(fields: LogFields): Logger {
    return new MemoryLogger({ ...this.#fields, ...fields }, this.lines);
  }
}

/** Flags of commands: declared as data, read once. */
import { AddressError } from "../base/address.ts";
import { DurationError, parseDuration } from "../base/duration.ts";
import { UsageError } from "./usage.ts";

/** A flag: `takes` names its value in the help; a flag without it is a switch. */
export interface Flag {
  readonly name: string;
  readonly takes?: string;
  readonly help: string;
  readonly fallback?: string;
  readonly repeatable?: boolean;
  /** One letter that stands for it. */
  readonly short?: string;
  /** What it means without a value, as in pflag: a value is then only taken with "=". */
  readonly bare?: string;
  /** What its value can be, for completion: these words, or names of contexts; a `path` or `folder` is one anyway. */
  readonly values?: readonly string[] | "context";
}

/** Values as the command line gave them, by flag name. */
export type FlagValues = Readonly<Record<string, string | boolean | readonly string[] | undefined>>;

/**
 * Reads one value.
 * @throws {UsageError} that names the flag, what it was given and what it wants
 */
export function parseFlag<T>(flag: string, value: string, read: (value: string) => T): T {
  try {
    return read(value);
  } catch (error) {
    if (error instanceof AddressError || error instanceof DurationError || error instanceof TypeError) {
      throw new UsageError(`invalid argument "${value}" for "--${flag}": ${error.message}`);
    }
    throw error;
  }
}

/** A port. @throws {TypeError} */
export function port(value: string): number {
  if (!/^\d{1,5}$/.test(value) || Number(value) < 1 || Number(value) > 65535) {
    throw new TypeError("want a port from 1 to 65535");
  }
  return Number(value);
}

/** One of these words. @throws {TypeError} */
export function oneOf<T extends string>(...words: readonly T[]): (value: string) => T {
  return (value) => {
    const word = words.find((w) => w === value);
    if (word === undefined) throw new TypeError(`want one of ${words.join(", ")}`);
    return word;
  };
}

/** A duration above zero, in milliseconds. @throws {TypeError | DurationError} */
export function duration(value: string): number {
  const ms = parseDuration(value);
  if (ms <= 0) throw new TypeError("want a duration above zero");
  return ms;
}

/** A number of things, at least `min`. @throws {TypeError} */
export function count(min: number): (value: string) => number {
  return (value) => {
    if (!/^\d{1,6}$/.test(value) || Number(value) < min) throw new TypeError(`want a number from ${min} to 999999`);
    return Number(value);
  };
}

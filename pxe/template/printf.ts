/** fmt.Sprintf, Sprint and Sprintln over template values. */
import type { Budget } from "./budget.ts";
import { decodeRune } from "../../base/byte_text.ts";
import { Printer } from "./print_value.ts";
import type { Value } from "./value.ts";

/** Go takes no width, precision or argument number beyond this. */
const TOO_LARGE = 1_000_000;
const INTEGER_KIND = /^u?int/;

/** Reads a format and prints its arguments. */
class Formatting {
  readonly #printer: Printer;
  readonly #format: string;
  readonly #args: readonly Value[];
  #at = 0;
  #arg = 0;
  #reordered = false;
  #goodArg = true;

  constructor(budget: Budget, format: string, args: readonly Value[]) {
    this.#printer = new Printer(budget);
    this.#format = format;
    this.#args = args;
  }

  run(): string {
    const printer = this.#printer;
    while (this.#at < this.#format.length) {
      const percent = this.#format.indexOf("%", this.#at);
      const end = percent < 0 ? this.#format.length : percent;
      printer.text += this.#format.slice(this.#at, end);
      printer.charge();
      this.#at = end + 1;
      if (percent < 0) break;
      printer.clearFlags();
      this.#goodArg = true;
      this.#verb(this.#readFlags());
    }
    if (!this.#reordered && this.#arg < this.#args.length) this.#extra();
    printer.charge();
    return printer.text;
  }

  /** Whether the format is quickly done: flags, then a lower-case verb with an argument to print. */
  #readFlags(): boolean {
    const { flags } = this.#printer;
    for (; this.#at < this.#format.length; this.#at++) {
      const char = this.#format[this.#at]!;
      if (char === "#") flags.sharp = true;
      else if (char === "0") flags.zero = true;
      else if (char === "+") flags.plus = true;
      else if (char === "-") flags.minus = true;
      else if (char === " ") flags.space = true;
      else return char >= "a" && char <= "z" && this.#arg < this.#args.length;
    }
    return false;
  }

  #verb(simple: boolean): void {
    if (!simple) this.#readWidthAndPrecision();
    if (this.#at >= this.#format.length) {
      this.#printer.text += "%!(NOVERB)";
      return;
    }
    const { size } = decodeRune(this.#format, this.#at);
    const verb = this.#format.slice(this.#at, this.#at + size);
    this.#at += size;
    const printer = this.#printer;
    if (verb === "%") printer.text += "%";
    else if (!this.#goodArg) printer.text += `%!${verb}(BADINDEX)`;
    else if (this.#arg >= this.#args.length) printer.text += `%!${verb}(MISSING)`;
    else {
      const { flags } = printer;
      if (verb === "v" || verb === "w") {
        flags.sharpV = flags.sharp;
        flags.plusV = flags.plus;
        flags.sharp = flags.plus = false;
      }
      printer.print(this.#args[this.#arg++], verb);
    }
  }

  #readWidthAndPrecision(): void {
    const { flags } = this.#printer;
    let afterIndex = this.#readIndex();
    if (this.#format[this.#at] === "*") {
      this.#at++;
      flags.width = this.#starArgument();
      if (flags.width === undefined) this.#printer.text += "%!(BADWIDTH)";
      else if (flags.width < 0) {
        flags.width = -flags.width;
        flags.minus = true;
        flags.zero = false;
      }
      afterIndex = false;
    } else {
      flags.width = this.#readNumber();
      if (afterIndex && flags.width !== undefined) this.#goodArg = false;
    }
    if (this.#at + 1 < this.#format.length && this.#format[this.#at] === ".") {
      this.#at++;
      if (afterIndex) this.#goodArg = false;
      afterIndex = this.#readIndex();
      if (this.#format[this.#at] === "*") {
        this.#at++;
        flags.precision = this.#starArgument();
        if (flags.precision === undefined || flags.precision < 0) {
          flags.precision = undefined;
          this.#printer.text += "%!(BADPREC)";
        }
        afterIndex = false;
      } else {
        flags.precision = this.#readNumber() ?? 0;
      }
    }
    if (!afterIndex) this.#readIndex();
  }

  /** Digits; a number that is too large eats the rest of the format, as in Go. */
  #readNumber(until = this.#format.length): number | undefined {
    let number: number | undefined;
    for (; this.#at < until; this.#at++) {
      const digit = this.#format.charCodeAt(this.#at) - 48;
      if (digit < 0 || digit > 9) break;
      if (number !== undefined && number > TOO_LARGE) {
        this.#at = until;
        return undefined;
      }
      number = (number ?? 0) * 10 + digit;
    }
    return number;
  }

  /** `[3]`: the next argument. Whether there was one. */
  #readIndex(): boolean {
    if (this.#format[this.#at] !== "[") return false;
    this.#reordered = true;
    const open = this.#at;
    const close = this.#format.indexOf("]", open);
    if (close < 0 || this.#format.length - open < 3) {
      this.#at = open + 1;
      this.#goodArg = false;
      return false;
    }
    this.#at = open + 1;
    const number = this.#readNumber(close);
    const whole = number !== undefined && this.#at === close;
    this.#at = close + 1;
    if (whole && number >= 1 && number <= this.#args.length) {
      this.#arg = number - 1;
      return true;
    }
    this.#goodArg = false;
    return whole;
  }

  #starArgument(): number | undefined {
    if (this.#arg >= this.#args.length) return undefined;
    const value = this.#args[this.#arg++];
    if (value === undefined || !INTEGER_KIND.test(value.type.kind)) return undefined;
    const number = Number(value.raw);
    return Math.abs(number) > TOO_LARGE ? undefined : number;
  }

  #extra(): void {
    const printer = this.#printer;
    printer.clearFlags();
    printer.text += "%!(EXTRA ";
    for (let i = this.#arg; i < this.#args.length; i++) {
      if (i > this.#arg) printer.text += ", ";
      const value = this.#args[i];
      if (value === undefined) printer.text += "<nil>";
      else {
        printer.text += `${value.type.name}=`;
        printer.print(value, "v");
      }
    }
    printer.text += ")";
  }
}

/** fmt.Sprintf. */
export function sprintf(budget: Budget, format: string, args: readonly Value[]): string {
  return new Formatting(budget, format, args).run();
}

/** fmt.Sprint: spaces between neighbours of which neither is a string. */
export function sprint(budget: Budget, args: readonly Value[]): string {
  const printer = new Printer(budget);
  args.forEach((value, i) => {
    if (i > 0 && value?.type.kind !== "string" && args[i - 1]?.type.kind !== "string") printer.text += " ";
    printer.print(value, "v");
  });
  return printer.text;
}

/** fmt.Sprintln: spaces between all, and a line feed. */
export function sprintln(budget: Budget, args: readonly Value[]): string {
  const printer = new Printer(budget);
  args.forEach((value, i) => {
    if (i > 0) printer.text += " ";
    printer.print(value, "v");
  });
  return printer.text + "\n";
}

/** How fmt prints a value of any type with any verb. */
import { Formatter, noFlags } from "./format.ts";
import {
  type Complex,
  elementOf,
  entryOf,
  type GoValue,
  indirect,
  lengthOf,
  readField,
  sortedKeys,
  stringValue,
  type Value,
} from "./value.ts";
import { showGoSyntax, showValue } from "./stringer.ts";

/** Verbs that call String(). */
const STRING_VERBS = "vsxXq";
/** Where Go would print an address; ours is the same every time. */
const ADDRESS = 0xc000100000;
/** Prints values as Go's fmt does. */
export class Printer extends Formatter {
  /** Inside of a wrong verb's report methods are not called. */
  #erroring = false;

  /** Prints one argument. */
  print(value: Value, verb: string): void {
    if (value === undefined) {
      if (verb === "T" || verb === "v") this.pad("<nil>");
      else this.#badVerb(undefined, verb);
    } else if (verb === "T") this.string(value.type.name);
    else if (verb === "p") this.#pointer(value, verb);
    else if (!this.#byMethod(value, verb)) this.#value(value, verb, 0);
    this.charge();
  }

  #badVerb(value: Value, verb: string): void {
    this.#erroring = true;
    this.text += `%!${verb}(`;
    if (value === undefined) {
      this.text += "<nil>";
    } else {
      this.text += `${value.type.name}=`;
      this.#value(value, "v", 0);
    }
    this.text += ")";
    this.#erroring = false;
  }

  #byMethod(value: GoValue, verb: string): boolean {
    if (this.#erroring) return false;
    if (verb === "w") {
      this.#badVerb(value, verb);
      return true;
    }
    const { type } = value;
    const holder = type.kind === "ptr" ? type.elem! : type;
    const receiver = this.flags.sharpV ? holder.goStringer : STRING_VERBS.includes(verb) ? holder.stringer : null;
    if (receiver === null || (receiver === "pointer" && type.kind !== "ptr")) return false;
    const target = indirect(value);
    if (target === null) {
      if (receiver === "pointer") this.#string("nil", verb);
      else this.text += "<nil>";
    } else if (this.flags.sharpV) this.string(this.pay(showGoSyntax(target)));
    else this.#string(this.pay(showValue(target)), verb);
    return true;
  }

  #value(value: GoValue, verb: string, depth: number): void {
    if (depth > 0 && this.#byMethod(value, verb)) return;
    const { kind } = value.type;
    switch (kind) {
      case "bool":
        if (verb === "t" || verb === "v") this.pad(String(value.raw));
        else this.#badVerb(value, verb);
        break;
      case "string":
        if (STRING_VERBS.includes(verb)) this.#string(value.raw as string, verb);
        else this.#badVerb(value, verb);
        break;
      case "float64":
        this.#floatOf(value, value.raw as number, verb);
        break;
      case "complex128":
        this.#complex(value, verb);
        break;
      case "map":
        this.#map(value, verb, depth);
        break;
      case "struct":
        this.#struct(value, verb, depth);
        break;
      case "slice":
        this.#slice(value, verb, depth);
        break;
      case "ptr": {
        const target = depth === 0 ? indirect(value) : null;
        const pointsIn = target !== null && /^(slice|struct|map)$/.test(target.type.kind);
        if (!pointsIn) return this.#pointer(value, verb);
        this.text += "&";
        this.#value(target, verb, depth + 1);
        break;
      }
      default:
        this.#integerOf(value, value.raw as number | bigint, verb, kind.startsWith("u"));
    }
  }

  #string(text: string, verb: string): void {
    switch (verb) {
      case "v":
      case "s":
        if (verb === "v" && this.flags.sharpV) this.quoted(text);
        else this.string(text);
        break;
      case "q":
        this.quoted(text);
        break;
      default:
        this.hexString(text, verb === "X");
    }
  }

  #integerOf(value: GoValue, n: number | bigint, verb: string, unsigned: boolean): void {
    switch (verb) {
      case "v":
        if (this.flags.sharpV && unsigned) this.hex(n, true);
        else this.integer(n, 10, verb);
        break;
      case "d":
        this.integer(n, 10, verb);
        break;
      case "b":
        this.integer(n, 2, verb);
        break;
      case "o":
      case "O":
        this.integer(n, 8, verb);
        break;
      case "x":
      case "X":
        this.integer(n, 16, verb, verb === "X");
        break;
      case "c":
        this.char(n);
        break;
      case "q":
        this.quotedChar(n);
        break;
      case "U":
        this.unicode(n);
        break;
      default:
        this.#badVerb(value, verb);
    }
  }

  #floatOf(value: GoValue, number: number, verb: string): void {
    switch (verb) {
      case "v":
        this.float(number, "g", -1);
        break;
      case "b":
      case "g":
      case "G":
      case "x":
      case "X":
        this.float(number, verb, -1);
        break;
      case "f":
      case "e":
      case "E":
        this.float(number, verb, 6);
        break;
      case "F":
        this.float(number, "f", 6);
        break;
      default:
        this.#badVerb(value, verb);
    }
  }

  #complex(value: GoValue, verb: string): void {
    if (!"vbgGxXfFeE".includes(verb)) return this.#badVerb(value, verb);
    const { re, im } = value.raw as Complex;
    const { plus } = this.flags;
    this.text += "(";
    this.#floatOf(value, re, verb);
    this.flags.plus = true;
    this.#floatOf(value, im, verb);
    this.text += "i)";
    this.flags.plus = plus;
  }

  /** The parts of a composite value, between what its kind and the flags put around them. */
  #parts(open: string, close: string, parts: Iterable<() => void>): void {
    this.text += open;
    let first = true;
    for (const part of parts) {
      if (!first) this.text += this.flags.sharpV ? ", " : " ";
      first = false;
      part();
    }
    this.text += close;
  }

  #map(value: GoValue, verb: string, depth: number): void {
    const { sharpV } = this.flags;
    if (sharpV && value.raw === null) {
      this.text += `${value.type.name}(nil)`;
      return;
    }
    this.payParts(lengthOf(value)!);
    const parts = sortedKeys(value).map((key) => () => {
      this.#value(stringValue(key), verb, depth + 1);
      this.text += ":";
      this.#value(entryOf(value, key)!, verb, depth + 1);
    });
    this.#parts(sharpV ? `${value.type.name}{` : "map[", sharpV ? "}" : "]", parts);
  }

  #struct(value: GoValue, verb: string, depth: number): void {
    const { sharpV, plusV } = this.flags;
    const parts = value.type.fields.map((field) => () => {
      if (sharpV || plusV) this.text += `${field.name}:`;
      this.#value(readField(value, field), verb, depth + 1);
    });
    this.#parts(sharpV ? `${value.type.name}{` : "{", "}", parts);
  }

  #slice(value: GoValue, verb: string, depth: number): void {
    const { sharpV } = this.flags;
    if (value.type.name === "[]uint8" && verb !== "v" && STRING_VERBS.includes(verb)) {
      const bytes = value.raw as number[] | null ?? [];
      return this.#string(String.fromCharCode(...bytes), verb);
    }
    if (sharpV && value.raw === null) {
      this.text += `${value.type.name}(nil)`;
      return;
    }
    this.payParts(lengthOf(value)!);
    const parts = Array.from({ length: lengthOf(value)! }, (_, i) => () => {
      this.#value(elementOf(value, i), verb, depth + 1);
    });
    this.#parts(sharpV ? `${value.type.name}{` : "[", sharpV ? "}" : "]", parts);
  }

  #pointer(value: GoValue, verb: string): void {
    if (!/^(ptr|map|slice)$/.test(value.type.kind)) return this.#badVerb(value, verb);
    const address = value.raw === null ? 0 : ADDRESS;
    if (verb === "p") this.hex(address, !this.flags.sharp);
    else if (verb !== "v") {
      if ("bodxX".includes(verb)) this.#integerOf(value, address, verb, true);
      else this.#badVerb(value, verb);
    } else if (this.flags.sharpV) {
      this.text += `(${value.type.name})(`;
      if (address === 0) this.text += "nil";
      else this.hex(address, true);
      this.text += ")";
    } else if (address === 0) this.pad("<nil>");
    else this.hex(address, !this.flags.sharp);
  }

  /** Starts a verb: no flags. */
  clearFlags(): void {
    this.flags = noFlags();
  }
}

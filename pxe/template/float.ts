/** Floating-point numbers as text, exactly as Go's strconv writes them. */

/** How to write a number: exponent, plain, the shorter of both, hexadecimal, or binary exponent. */
export type FloatFormat = "e" | "E" | "f" | "g" | "G" | "x" | "X" | "b";

/** Decimal digits without leading or trailing zeros; the value is 0.DIGITS * 10^point. */
interface Decimal {
  readonly digits: string;
  readonly point: number;
}

const bits = new DataView(new ArrayBuffer(8));

/** value = mantissa * 2^exponent, for a finite value of any sign. */
function split(value: number): { mantissa: bigint; exponent: number } {
  bits.setFloat64(0, value);
  const raw = bits.getBigUint64(0);
  const biased = Number(raw >> 52n & 0x7ffn);
  const fraction = raw & (1n << 52n) - 1n;
  return biased === 0
    ? { mantissa: fraction, exponent: -1074 }
    : { mantissa: fraction | 1n << 52n, exponent: biased - 1075 };
}

function trim(digits: string, point: number): Decimal {
  const kept = digits.replace(/0+$/, "");
  return kept === "" ? { digits: "", point: 0 } : { digits: kept, point };
}

/** Every digit the value has: a double is a finite decimal. */
function exact(value: number): Decimal {
  const { mantissa, exponent } = split(value);
  if (mantissa === 0n) return { digits: "", point: 0 };
  const whole = exponent >= 0 ? mantissa << BigInt(exponent) : mantissa * 5n ** BigInt(-exponent);
  const digits = whole.toString();
  return trim(digits, digits.length + Math.min(exponent, 0));
}

/** The fewest digits that read back as the same value. */
function shortest(value: number): Decimal {
  const [mantissa, exponent] = Math.abs(value).toExponential().split("e");
  return trim(mantissa!.replace(".", ""), Number(exponent) + 1);
}

/** Rounds to `count` digits, halves to even. */
function round({ digits, point }: Decimal, count: number): Decimal {
  if (count >= digits.length) return { digits, point };
  if (count < 0) return { digits: "", point: 0 };
  const head = digits.slice(0, count);
  const next = digits.charCodeAt(count) - 48;
  const half = next === 5 && digits.length === count + 1;
  const odd = count > 0 && (head.charCodeAt(count - 1) & 1) === 1;
  if (half ? !odd : next < 5) return trim(head, point);
  const up = (BigInt(head || "0") + 1n).toString();
  const grown = up.padStart(count, "0");
  return trim(grown, point + grown.length - count);
}

function plain({ digits, point }: Decimal, precision: number): string {
  const whole = point > 0 ? digits.slice(0, point).padEnd(point, "0") : "0";
  if (precision === 0) return whole;
  const fraction = point >= 0 ? digits.slice(point) : "0".repeat(Math.min(-point, precision)) + digits;
  return `${whole}.${fraction.slice(0, precision).padEnd(precision, "0")}`;
}

function withExponent({ digits, point }: Decimal, precision: number, letter: string): string {
  const padded = digits.padEnd(precision + 1, "0");
  const exponent = digits === "" ? 0 : point - 1;
  const fraction = precision > 0 ? `.${padded.slice(1, precision + 1)}` : "";
  return `${padded[0]}${fraction}${letter}${exponent < 0 ? "-" : "+"}${String(Math.abs(exponent)).padStart(2, "0")}`;
}

function general(value: number, precision: number, letter: string): string {
  const isShortest = precision < 0;
  const wanted = precision === 0 ? 1 : precision;
  const decimal = isShortest ? shortest(value) : round(exact(value), wanted);
  const { digits, point } = decimal;
  const limit = isShortest ? 6 : wanted > digits.length && digits.length >= point ? digits.length : wanted;
  const exponent = point - 1;
  if (digits !== "" && (exponent < -4 || exponent >= limit)) {
    return withExponent(decimal, (isShortest ? digits.length : Math.min(wanted, digits.length)) - 1, letter);
  }
  return plain(decimal, Math.max(digits.length - point, 0));
}

function hexadecimal(value: number, precision: number): string {
  let { mantissa, exponent } = split(value);
  if (mantissa === 0n) return `0x0${precision > 0 ? `.${"0".repeat(precision)}` : ""}p+00`;
  while (mantissa < 1n << 60n) {
    mantissa <<= 1n;
    exponent--;
  }
  exponent += 60;
  if (precision >= 0 && precision < 15) {
    const drop = BigInt(60 - precision * 4);
    const tail = mantissa & (1n << drop) - 1n;
    const half = 1n << (drop - 1n);
    mantissa >>= drop;
    if (tail > half || (tail === half && (mantissa & 1n) === 1n)) mantissa++;
    mantissa <<= drop;
    if (mantissa >= 1n << 61n) {
      mantissa >>= 1n;
      exponent++;
    }
  }
  const digits = (mantissa & (1n << 60n) - 1n).toString(16).padStart(15, "0");
  const kept = precision < 0 ? digits.replace(/0+$/, "") : digits.slice(0, precision).padEnd(precision, "0");
  const power = `${exponent < 0 ? "-" : "+"}${String(Math.abs(exponent)).padStart(2, "0")}`;
  return `0x1${kept === "" ? "" : `.${kept}`}p${power}`;
}

function finite(value: number, format: FloatFormat, precision: number): string {
  switch (format) {
    case "e":
    case "E": {
      const decimal = precision < 0 ? shortest(value) : round(exact(value), precision + 1);
      return withExponent(decimal, precision < 0 ? Math.max(decimal.digits.length - 1, 0) : precision, format);
    }
    case "f": {
      const all = precision < 0 ? shortest(value) : exact(value);
      if (precision < 0) return plain(all, Math.max(all.digits.length - all.point, 0));
      return plain(round(all, all.point + precision), precision);
    }
    case "g":
    case "G":
      return general(value, precision, format === "g" ? "e" : "E");
    case "x":
      return hexadecimal(value, precision);
    case "X":
      return hexadecimal(value, precision).toUpperCase();
    case "b": {
      const { mantissa, exponent } = split(value);
      return `${mantissa}p${exponent < 0 ? "" : "+"}${exponent}`;
    }
  }
}

/** Writes a finite number (a template has no other); a negative precision asks for as few digits as read back as the same value. */
export function formatFloat(value: number, format: FloatFormat, precision: number): string {
  const sign = value < 0 || Object.is(value, -0) ? "-" : "";
  return sign + finite(value, format, precision);
}

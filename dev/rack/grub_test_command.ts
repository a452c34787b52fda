/** GRUB's `test`, also written `[ ... ]`. */

const TWO_SIDED: Readonly<Record<string, (a: string, b: string) => boolean>> = {
  "=": (a, b) => a === b,
  "==": (a, b) => a === b,
  "!=": (a, b) => a !== b,
  "<": (a, b) => a < b,
  ">": (a, b) => a > b,
  "-eq": (a, b) => Number(a) === Number(b),
  "-ne": (a, b) => Number(a) !== Number(b),
  "-lt": (a, b) => Number(a) < Number(b),
  "-le": (a, b) => Number(a) <= Number(b),
  "-gt": (a, b) => Number(a) > Number(b),
  "-ge": (a, b) => Number(a) >= Number(b),
};
/** On a network device all that asks about files is false, and sends no request. */
const ONE_SIDED: Readonly<Record<string, (a: string) => boolean>> = {
  "-n": (a) => a !== "",
  "-z": (a) => a === "",
  "-e": () => false,
  "-f": () => false,
  "-d": () => false,
  "-s": () => false,
};

/** Whether the words hold; `-a` binds tighter than `-o`. */
export function holds(words: readonly string[]): boolean {
  const or = words.indexOf("-o");
  if (or > 0) return holds(words.slice(0, or)) || holds(words.slice(or + 1));
  const and = words.indexOf("-a");
  if (and > 0) return holds(words.slice(0, and)) && holds(words.slice(and + 1));
  const [a = "", b = "", c = ""] = words;
  if (a === "!") return !holds(words.slice(1));
  if (words.length === 3 && Object.hasOwn(TWO_SIDED, b)) return TWO_SIDED[b]!(a, c);
  if (words.length === 2 && Object.hasOwn(ONE_SIDED, a)) return ONE_SIDED[a]!(b);
  return words.length === 1 && a !== "";
}

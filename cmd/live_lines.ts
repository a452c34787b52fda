/** A block of lines that is redrawn in place on a terminal; where there is none, only what is said is printed. */
import type { Io } from "./io.ts";

/** The one writer of a command's output. */
export class LiveLines {
  readonly #io: Pick<Io, "stdout" | "terminal">;
  #block: readonly string[] = [];

  /** Shows nothing yet. */
  constructor(io: Pick<Io, "stdout" | "terminal">) {
    this.#io = io;
  }

  /** Size of the terminal; undefined: nothing is redrawn. */
  get terminal(): { readonly columns: number; readonly rows: number } | undefined {
    return this.#io.terminal();
  }

  /** Prints a line that stays, above the block. */
  say(line: string): void {
    this.#io.stdout(`${this.#erase()}${line}\n${this.#draw(this.#block)}`);
  }

  /** Puts these lines in the place of the block; they must not be wider than the terminal. */
  show(lines: readonly string[]): void {
    if (this.terminal === undefined) return;
    const text = this.#erase() + this.#draw(lines);
    if (text !== "") this.#io.stdout(text);
  }

  /** The cursor back to where the block begins, and the block gone. */
  #erase(): string {
    return this.#block.length === 0 ? "" : `\x1b[${this.#block.length}A\r\x1b[J`;
  }

  #draw(lines: readonly string[]): string {
    this.#block = lines;
    return lines.map((line) => `${line}\n`).join("");
  }
}

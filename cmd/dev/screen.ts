/** What `metalman dev` prints: the machines as they come along, what needs attention, and what to try next. */
import { shellWord } from "../../base/shell_word.ts";
import type { MachineEvent } from "../../dev/rack/types.ts";
import type { LiveLines } from "../live_lines.ts";
import { Progress } from "./progress.ts";

/** Where things are, for the texts. */
export interface Places {
  readonly kubeconfig: string;
  readonly log: string;
  readonly example: string;
  /** `127.0.0.1:15000`. */
  readonly registry: string;
  /** Reference of the sample image. */
  readonly image: string;
  /** Removed at the end; undefined: everything is kept. */
  readonly temporary: string | undefined;
}

/** For whoever has made an image and sees it fail. */
const RETRY =
  "A failed server tries again when its Machine's spec changes: push the mended image under a new tag and name that one.";
const REPEAT_MS = 60_000;
const MOST_WARNED = 1000;

/** The screen of one run. Times are the clock's. */
export class Screen {
  readonly #lines: LiveLines;
  readonly #startMs: number;
  readonly #progress = new Progress();
  /** What was warned of, and when. */
  readonly #warned = new Map<string, number>();
  #explained = false;
  #told = false;
  #ended = false;

  /** Shows nothing yet. */
  constructor(lines: LiveLines, startMs: number) {
    this.#lines = lines;
    this.#startMs = startMs;
  }

  /** Says one thing. */
  say(line: string): void {
    this.#lines.say(line);
  }

  /** Says what needs attention; the same again within a minute is said once, for firmware and cloud-init ask over and over. */
  warn(line: string, nowMs: number): void {
    if (this.#ended) return;
    for (const [said, atMs] of this.#warned) if (nowMs - atMs >= REPEAT_MS) this.#warned.delete(said);
    if (this.#warned.has(line)) return;
    if (this.#warned.size < MOST_WARNED) this.#warned.set(line, nowMs);
    this.say(`! ${line}`);
  }

  /** A server came. */
  add(mac: string, name: string, ip: string): void {
    this.#progress.add(mac, name, ip);
  }

  /** A server went. */
  remove(mac: string): void {
    this.#progress.remove(mac);
  }

  /** A server did something. */
  event(event: MachineEvent): void {
    const line = this.#progress.event({ ...event, atMs: event.atMs - this.#startMs });
    // Why it stopped, and what to look at, may be longer than a line of the block.
    const isFailed = event.stage === "failed";
    this.#print(line, isFailed);
    if (isFailed && !this.#explained) {
      this.#explained = true;
      this.#print(RETRY, true);
    }
  }

  /** The cluster says that a server is installed. */
  confirm(mac: string, nowMs: number): void {
    this.#print(this.#progress.confirm(mac, nowMs - this.#startMs));
  }

  /** What machines do from now on, as they are switched off, is not shown, nor what metalman thinks of it. */
  end(): void {
    this.#ended = true;
  }

  #print(line: string | undefined, isImportant = false): void {
    if (line === undefined || this.#ended) return;
    if (isImportant || this.#lines.terminal === undefined || this.isDone) this.#lines.say(line);
  }

  /** Redraws what moves. */
  redraw(nowMs: number): void {
    const { terminal } = this.#lines;
    if (terminal !== undefined) this.#lines.show(this.#progress.block(nowMs - this.#startMs, terminal));
  }

  /** Whether all servers have installed; false while there is none. */
  get isDone(): boolean {
    return this.#progress.total > 0 && this.#progress.installed === this.#progress.total;
  }

  /** How many there are. */
  get total(): number {
    return this.#progress.total;
  }

  /** Each server that has not installed, with where it is. */
  unfinished(): string[] {
    return this.#progress.unfinished();
  }

  /** What the user sees first. */
  welcome({ kubeconfig, log }: Places): void {
    this.say(`  export KUBECONFIG=${shellWord(kubeconfig)}`);
    this.say("  kubectl get machines");
    this.say(`What metalman does is in ${log}`);
    this.say("");
  }

  /** What the user may do now; said once. */
  tryNext({ example, registry, image, temporary }: Places): void {
    if (this.#told) return;
    this.#told = true;
    const end = temporary === undefined
      ? "Ctrl-C stops everything."
      : `Ctrl-C stops everything and removes ${temporary}.`;
    for (
      const line of [
        "",
        "Installed. Try next:",
        "  kubectl describe machines",
        `  kubectl apply -f ${shellWord(example)}   # one more server boots`,
        "  kubectl get events",
        `  skopeo copy --src-tls-verify=false --dest-tls-verify=false docker://${image} docker://${registry}/mine:v1   # then name it in spec.pxe.image`,
        end,
        "",
      ]
    ) this.say(line);
  }
}

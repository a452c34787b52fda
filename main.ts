/** The executable: the controller, the container's entrypoint and the kubectl plugin. */
import { NAME_VARIABLE } from "./cmd/front_page.ts";
import type { Io } from "./cmd/io.ts";
import { runCommand } from "./cmd/root.ts";
import { ask } from "./cmd/terminal.ts";

/** Signals within it are one wish: npx and `deno task` pass on what a terminal has sent to all three of us. */
const ONE_WISH_MS = 1000;
const FALLBACK_SIZE = { columns: 80, rows: 24 };
const encoder = new TextEncoder();
/** Named like this, it is loaded when it is needed (cmd/root.ts). */
const CONFINE = new URL("./cmd/permissions/confine.ts", import.meta.url);

function write(stream: { writeSync(bytes: Uint8Array): number }, text: string): void {
  const bytes = encoder.encode(text);
  for (let at = 0; at < bytes.length;) at += stream.writeSync(bytes.subarray(at));
}

/** Writes until nobody reads: then `lost` is called, once, and the rest is dropped. */
function writer(stream: { writeSync(bytes: Uint8Array): number }, lost: (error: unknown) => void) {
  let isLost = false;
  return (text: string) => {
    if (isLost) return;
    try {
      write(stream, text);
    } catch (error) {
      isLost = true;
      lost(error);
    }
  };
}

function terminalSize(): { readonly columns: number; readonly rows: number } {
  const { columns, rows } = Deno.consoleSize();
  return columns === 0 || rows === 0 ? FALLBACK_SIZE : { columns, rows };
}

if (import.meta.main) {
  const controller = new AbortController();
  const stop = (why: string) => controller.abort(new DOMException(why, "AbortError"));
  let askedMs = Infinity;
  const onSignal = () => {
    if (performance.now() - askedMs > ONE_WISH_MS) Deno.exit(130);
    askedMs = Math.min(askedMs, performance.now());
    stop("a signal asked metalman to stop");
  };
  for (const signal of ["SIGTERM", "SIGINT"] as const) Deno.addSignalListener(signal, onSignal);
  // A terminal that is closed ends what it shows; without one (nohup) there is none to close.
  if (Deno.stdout.isTerminal()) Deno.addSignalListener("SIGHUP", onSignal);
  let lost: { readonly error: unknown } | undefined;
  const stderr = writer(Deno.stderr, () => {});
  const io: Io = {
    stdout: writer(Deno.stdout, (error) => {
      lost = { error };
      stop("nobody reads what metalman writes");
    }),
    stderr,
    env: (name) => Deno.env.get(name),
    terminal: () => Deno.stdout.isTerminal() && !Deno.noColor ? terminalSize() : undefined,
    ask: (question) => ask(question, controller.signal),
    signal: controller.signal,
    keep: async (permissions) => {
      const { confine } = await import(CONFINE.href) as typeof import("./cmd/permissions/confine.ts");
      await confine(permissions);
    },
    calledAs: Deno.env.get(NAME_VARIABLE) ?? Deno.execPath(),
  };
  let code: number;
  try {
    code = await runCommand(Deno.args, io);
  } catch (error) {
    stderr(
      `Error: ${error instanceof Error ? error.message : error} (this is a fault of metalman: please report it)\n`,
    );
    code = 1;
  }
  if (lost !== undefined) {
    if (!(lost.error instanceof Deno.errors.BrokenPipe)) {
      stderr(`Error: cannot write to standard output: ${lost.error}\n`);
    }
    code = 1;
  }
  Deno.exit(code);
}

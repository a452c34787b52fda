/** The executable: the controller, the container's entrypoint and the kubectl plugin. */
import { type Io, runCommand } from "./cmd/root.ts";
import { ask } from "./cmd/terminal.ts";

const encoder = new TextEncoder();

function writer(stream: { writeSync(bytes: Uint8Array): number }): (text: string) => void {
  return (text) => {
    const bytes = encoder.encode(text);
    for (let at = 0; at < bytes.length;) at += stream.writeSync(bytes.subarray(at));
  };
}

if (import.meta.main) {
  const controller = new AbortController();
  const onSignal = () => {
    if (controller.signal.aborted) Deno.exit(130);
    controller.abort(new DOMException("a signal asked metalman to stop", "AbortError"));
  };
  for (const signal of ["SIGTERM", "SIGINT"] as const) Deno.addSignalListener(signal, onSignal);
  const io: Io = {
    stdout: writer(Deno.stdout),
    stderr: writer(Deno.stderr),
    env: (name) => Deno.env.get(name),
    terminal: () => Deno.stdout.isTerminal() && !Deno.noColor ? Deno.consoleSize() : undefined,
    ask: (question) => ask(question, controller.signal),
    signal: controller.signal,
    calledAs: Deno.execPath(),
  };
  let code: number;
  try {
    code = await runCommand(Deno.args, io);
  } catch (error) {
    io.stderr(
      `Error: ${error instanceof Error ? error.message : error} (this is a fault of metalman: please report it)\n`,
    );
    code = 1;
  }
  Deno.exit(code);
}

/** `kubectl unbounded` on an operator's desk: in PATH, with the completion for kubectl beside it. */
import { equal } from "node:assert/strict";
import { Peer } from "../peers/peer.ts";
import { Call } from "./plugin_site.ts";

const MAIN = new URL("../../main.ts", import.meta.url).pathname;

/** A folder of PATH with the plugin and its completion, as the README says. */
export class Desk implements AsyncDisposable {
  readonly folder: string;
  readonly #env: Readonly<Record<string, string>>;

  private constructor(folder: string, kubeconfig: string) {
    this.folder = folder;
    this.#env = { PATH: `${folder}:${Deno.env.get("PATH") ?? ""}`, KUBECONFIG: kubeconfig, HOME: folder };
  }

  static async with(kubeconfig: string): Promise<Desk> {
    const folder = await Deno.makeTempDir({ prefix: "desk-" });
    const plugin = `#!/bin/sh\nDENO_DIR=${await denoDir()} exec ${Deno.execPath()} run -q -A ${MAIN} "$@"\n`;
    await Deno.writeTextFile(`${folder}/kubectl-unbounded`, plugin, { mode: 0o755 });
    const completion = new Call(["completion", "kubectl"]);
    equal(await completion.code, 0);
    await Deno.writeTextFile(`${folder}/kubectl_complete-unbounded`, completion.out, { mode: 0o755 });
    return new Desk(folder, kubeconfig);
  }

  start(program: string, ...args: string[]): Peer {
    return new Peer(program, args, { env: this.#env });
  }

  async run(program: string, ...args: string[]): Promise<{ code: number; output: string }> {
    await using peer = this.start(program, ...args);
    const { code } = await peer.status;
    await peer.stop();
    return { code, output: peer.output };
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await Deno.remove(this.folder, { recursive: true });
  }
}

/** Where packages are: the home of the desk is another. */
async function denoDir(): Promise<string> {
  const { stdout } = await new Deno.Command(Deno.execPath(), { args: ["info", "--json"] }).output();
  return JSON.parse(new TextDecoder().decode(stdout)).denoDir;
}

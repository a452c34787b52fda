/** kubectl against a server, and what it says without what differs from one run to the next. */
import { Peer, peersFolder } from "../peers/peer.ts";
import { FILES } from "./kubectl_lines.ts";

/** The kubectl of the same release as the real server; the system's own may be of any age. */
export const KUBECTL = `${peersFolder()}/bin/kubectl`;

const CRD = Deno.readTextFileSync(new URL("../../deploy/crd.yaml", import.meta.url));

/** What a line did. */
export interface Said {
  /** Exit code. */
  readonly code: number;
  /** Both outputs, in normal form. */
  readonly output: readonly string[];
}

/** Somebody with kubectl, a folder of files and one server. */
export class Operator implements AsyncDisposable {
  readonly #folder: string;

  private constructor(folder: string) {
    this.#folder = folder;
  }

  /** With the text of a kubeconfig. */
  static async with(kubeconfig: string): Promise<Operator> {
    const folder = await Deno.makeTempDir({ prefix: "kubectl-" });
    for (const [name, content] of Object.entries({ ...FILES, "crd.yaml": CRD, kubeconfig })) {
      await Deno.writeTextFile(`${folder}/${name}`, content, { mode: name.endsWith(".sh") ? 0o700 : 0o600 });
    }
    return new Operator(folder);
  }

  /** Starts a line. */
  start(line: string): Peer {
    const [, editor = "edit.sh", command = line] = /^EDITOR=(\S+) (.*)$/.exec(line) ?? [];
    const args = [...command.matchAll(/'([^']*)'|(\S+)/g)].map(([, quoted, plain]) => quoted ?? plain!);
    return new Peer(KUBECTL, args, {
      cwd: this.#folder,
      env: {
        HOME: this.#folder,
        TMPDIR: this.#folder,
        KUBECONFIG: `${this.#folder}/kubeconfig`,
        EDITOR: `${this.#folder}/${editor}`,
      },
    });
  }

  /** Runs a line to its end. */
  async run(line: string): Promise<Said> {
    await using peer = this.start(line);
    const { code } = await peer.status;
    await peer.stop();
    return { code, output: normalLines(peer.output.replaceAll(this.#folder, "FOLDER")) };
  }

  /** Removes its folder. */
  async [Symbol.asyncDispose](): Promise<void> {
    await Deno.remove(this.#folder, { recursive: true });
  }
}

/** Without ages, uids, versions, addresses and the widths of columns; empty lines go. */
export function normalLines(output: string): string[] {
  return output
    .replace(/[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}/g, "UID")
    .replace(/(resourceVersion"?: |Resource Version: +)"?\d+"?/g, "$1RV")
    .replace(/(Server Version: v1\.35)\.\d+/, "$1")
    .replace(
      /\b(creationTimestamp|deletionTimestamp|time|Time|Creation Timestamp)("?: +)"?20\d\d-[\d-]+T[\d:]+Z"?/g,
      "$1$2TIME",
    )
    .replace(/https:\/\/127\.0\.0\.1:\d+/g, "SERVER")
    .replace(/(FOLDER\/[A-Za-z-]+)-\d+/g, "$1")
    .replace(/20\d\d-\d\d-\d\d \d\d:\d\d:\d\d[.\d]* [+-]\d{4}/g, "TIME")
    .replace(/\w{3}, \d\d \w{3} \d{4} [\d:]{8} [+-]\d{4}/g, "TIME")
    .replace(/\b10\.96\.\d+\.\d+/g, "IP")
    .replace(/(^|[ (])(?:\d+[smhdy]){1,2}(?=[ )]|$)/gm, "$1AGE")
    .split("\n")
    .map((line) => line.trimEnd().replace(/(\S) {2,}/g, "$1  "))
    // kube-apiserver repairs a Service that it has seen before its address, some days, and says so in an Event.
    .filter((line) => line !== "" && !/^[EIW]\d{4} | {2}ClusterIPNotAllocated {2}/.test(line));
}

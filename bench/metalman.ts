/** The program under test, started as a user starts it from the checkout. */
import manifest from "../deno.json" with { type: "json" };
import { Daemon } from "./daemon.ts";
import { PROOF } from "./images.ts";
import type { Stage } from "./stage.ts";
import { machineAddress, OURS, until } from "./wire.ts";

/** How it is started. */
export interface MetalmanOptions {
  /** The site whose Machines it serves. */
  readonly site: string;
  /** Where it keeps images. @default a new folder */
  readonly cacheDir?: string;
  /** How it reaches the API. @default that of the run's kube-apiserver */
  readonly kubeconfig?: string;
  /** Like the peers it writes nothing for an answer unless told to. @default "warn" */
  readonly logLevel?: "info" | "warn";
}

/** Of its HTTP side. */
export const HTTP_PORT = 8880;

const SERVE_URL = `http://${OURS}:${HTTP_PORT}`;
/** The program. */
export const MAIN = new URL("../main.ts", import.meta.url).pathname;

/** How a task starts the program. */
export interface Start {
  /** Added to our own environment. */
  readonly env: Record<string, string>;
  /** What Deno is given before the program. */
  readonly flags: readonly string[];
}

/** As `deno task metalman`, or dev, does it. */
export function startOf(task: "metalman" | "dev"): Start {
  const words = manifest.tasks[task].command.split(" ");
  const at = words.indexOf("deno");
  const env = Object.fromEntries(words.slice(0, at).map((word) => word.split("=") as [string, string]));
  return { env, flags: words.slice(at + 1, words.indexOf("main.ts")) };
}

async function isReady(): Promise<boolean> {
  try {
    const response = await fetch(`http://${OURS}:8081/readyz`);
    await response.body?.cancel();
    return response.ok;
  } catch {
    return false;
  }
}

/** Starts `serve-pxe` in relay mode and waits until it says that it is ready. */
export async function startMetalman(
  stage: Stage,
  { site, cacheDir = stage.newFolder("cache"), logLevel = "warn", kubeconfig }: MetalmanOptions,
): Promise<Daemon> {
  const { env, flags } = startOf("metalman");
  return await Daemon.start(stage, {
    program: Deno.execPath(),
    env,
    args: [
      ...flags,
      MAIN,
      "serve-pxe",
      `--site=${site}`,
      `--kubeconfig=${kubeconfig ?? (await stage.cluster).kubeconfig}`,
      `--cache-dir=${cacheDir}`,
      `--bind-address=${OURS}`,
      `--serve-url=${SERVE_URL}`,
      `--trusted-proxy=${OURS}/32`,
      `--log-level=${logLevel}`,
    ],
    isReady,
  });
}

/** Asks as machine `index` does, by way of the trusted proxy. */
export async function get(index: number, path: string): Promise<{ status: number; text: string }> {
  const response = await fetch(`${SERVE_URL}/${path}`, { headers: { "x-forwarded-for": machineAddress(index) } });
  return { status: response.status, text: await response.text() };
}

/**
 * Waits until machine `index` gets a file of its image.
 * @param everyMs pause between two tries
 */
export async function untilServed(index: number, everyMs = 20): Promise<void> {
  const served = async () => {
    try {
      return (await get(index, PROOF)).status === 200;
    } catch {
      return false;
    }
  };
  await until(`machine ${index} gets its image`, served, { timeoutMs: 120_000, everyMs });
}

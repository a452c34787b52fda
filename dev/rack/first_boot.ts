/** The installed system's start: a list of steps, the last of which shows the TPM for a bootstrap token. */
import { attest } from "./attest.ts";
import { eventBody, STAGES, webhooksOf } from "./cloud_init.ts";
import { acquire } from "./dhcp_exchange.ts";
import { AGENT, askText, statusError } from "./http_load.ts";
import type { Disk } from "./installer.ts";
import { LoadError } from "./load_error.ts";
import { NotBootable, type Power, Stopped } from "./power.ts";

/** A start in progress. */
interface Boot {
  readonly power: Power;
  readonly disk: Disk;
  /** Where events are posted to. */
  webhooks: readonly string[];
  /** Whether there is a bootstrap token. */
  hasToken: boolean;
}

/** From the boot loader on the disk to the network. */
const DISK_MS = 4000;
/** Of each cloud-init stage. */
const STAGE_MS = 500;

/** cloud-init asks for each part so often, a second apart. */
const READ_TRIES = 11;
const READ_PAUSE_MS = 1000;

/** What happens at each start from the disk, in this order. */
const STEPS: readonly ((boot: Boot) => Promise<void>)[] = [
  startDisk,
  askAddress,
  readData,
  ...STAGES.map(stageStep),
  askToken,
];

/**
 * Starts the system on the disk; resolves when it runs.
 * @returns the disk as it is then
 * @throws {Stopped} when it does not come up
 */
export async function startSystem(power: Power, disk: Disk): Promise<Disk> {
  const boot: Boot = { power, disk, webhooks: [], hasToken: disk.hasToken ?? false };
  try {
    for (const step of STEPS) await step(boot);
    return { ...disk, hasToken: boot.hasToken };
  } catch (error) {
    if (error instanceof LoadError || error instanceof NotBootable) {
      throw new Stopped(`the installed system does not come up: ${error.message}`);
    }
    throw error;
  }
}

async function startDisk({ power, disk }: Boot): Promise<void> {
  power.say("disk boot", `image ${disk.sha256.slice(0, 12)}`);
  await power.wait(DISK_MS);
}

async function askAddress({ power }: Boot): Promise<void> {
  await acquire("system", power);
}

/** NoCloud wants meta-data and user-data, and does without vendor-data. */
async function readData(boot: Boot): Promise<void> {
  const { power, disk: { dataSource } } = boot;
  if (dataSource === undefined) {
    return power.say("cloud-init", "no data source: ds=nocloud;s=URL/ was not on the command line");
  }
  const base = dataSource.endsWith("/") ? dataSource : `${dataSource}/`;
  await readPart(power, `${base}meta-data`, true);
  const user = webhooks(await readPart(power, `${base}user-data`, true), "user-data");
  const vendor = webhooks(await readPart(power, `${base}vendor-data`, false), "vendor-data");
  boot.webhooks = user.length > 0 ? user : vendor;
}

async function readPart(power: Power, url: string, needed: boolean): Promise<string> {
  power.say("cloud-init", `GET ${url}`);
  const ask = { method: "GET", url, headers: { Host: new URL(url).host, "User-Agent": AGENT.cloudInit } } as const;
  for (let tries = 1;; tries++) {
    try {
      const { status, text } = await askText(power, ask);
      if (status === 200) return text;
      if (status === 404 && !needed) return "";
      throw statusError(ask, status, text);
    } catch (error) {
      if (!(error instanceof LoadError) || error.kind === "missing" || tries === READ_TRIES) throw error;
    }
    await power.wait(READ_PAUSE_MS);
  }
}

/** user-data may be a script, which says nothing about reporting. */
function webhooks(config: string, name: string): readonly string[] {
  if (!config.startsWith("#cloud-config")) return [];
  const found = webhooksOf(config);
  if ("problem" in found) throw new Stopped(`cloud-init: ${name} cannot be read: ${found.problem}`);
  return found;
}

function stageStep(stage: (typeof STAGES)[number]): (boot: Boot) => Promise<void> {
  return async ({ power, webhooks }) => {
    power.say("cloud-init", stage.name);
    await post(power, webhooks, eventBody(stage, "start", power.clock.now()));
    await power.wait(STAGE_MS);
    await post(power, webhooks, eventBody(stage, "finish", power.clock.now()));
  };
}

/** The server of the data source is where a node's agent attests too. Without a token a machine runs, and joins nothing. */
async function askToken(boot: Boot): Promise<void> {
  const { power, disk: { dataSource } } = boot;
  if (boot.hasToken || dataSource === undefined) return;
  boot.hasToken = await attest(power, new URL("/attest", dataSource).href);
}

/** A report that does not arrive stops nobody; cloud-init goes on too. */
async function post(power: Power, webhooks: readonly string[], body: string): Promise<void> {
  for (const url of webhooks) {
    if (URL.parse(url)?.protocol !== "http:") {
      power.say("cloud-init", `cannot report to ${url}: not an http:// URL`);
      continue;
    }
    const headers = {
      Host: new URL(url).host,
      "User-Agent": AGENT.cloudInit,
      "Content-Type": "application/json",
      "Content-Length": String(new TextEncoder().encode(body).length),
    };
    const ask = { method: "POST", url, headers, body } as const;
    try {
      const { status, text } = await askText(power, ask);
      if (status >= 300) throw statusError(ask, status, text);
    } catch (error) {
      if (!(error instanceof LoadError)) throw error;
      power.say("cloud-init", `not reported: ${error.message}`);
    }
  }
}

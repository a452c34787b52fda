/** The workflows of GitHub: linted, and in line with the rest of the project. */
import { deepEqual, equal, match } from "node:assert/strict";
import { load } from "js-yaml";
import { peerTest, run } from "../peers/peer.ts";

const FOLDER = new URL("../../.github/workflows/", import.meta.url);

async function read(path: string): Promise<string> {
  return await Deno.readTextFile(new URL(`../../${path}`, import.meta.url));
}

const names = Array.from(Deno.readDirSync(FOLDER), ({ name }) => name).sort();
const texts = new Map(names.map((name) => [name, Deno.readTextFileSync(new URL(name, FOLDER))]));

interface Job {
  readonly permissions?: unknown;
  readonly "timeout-minutes"?: number;
  readonly uses?: string;
  readonly steps?: readonly {
    readonly uses?: string;
    readonly run?: string;
    readonly with?: Record<string, unknown>;
  }[];
}
interface Workflow {
  readonly permissions: Record<string, string>;
  readonly jobs: Readonly<Record<string, Job>>;
}

peerTest("actionlint finds nothing in the workflows", { programs: ["actionlint"] }, async () => {
  const files = names.map((name) => new URL(name, FOLDER).pathname);
  equal(await run("actionlint", ["-no-color", ...files]), "");
});

for (const [name, text] of texts) {
  const workflow = load(text) as Workflow;
  const steps = Object.values(workflow.jobs).flatMap(({ steps = [] }) => steps);

  Deno.test(`${name} may only read unless a job says otherwise, and ends`, () => {
    deepEqual(workflow.permissions, { contents: "read" });
    for (const job of Object.values(workflow.jobs)) equal(job.uses !== undefined || job["timeout-minutes"]! > 0, true);
  });

  Deno.test(`${name} names exact versions of what it uses`, () => {
    for (const { uses } of steps) if (uses !== undefined) match(uses, /^[\w-]+\/[\w-]+@v\d+\.\d+\.\d+$/);
  });

  Deno.test(`${name} runs the Deno that the project is tested with, and tasks that there are`, async () => {
    const tested = /deno@(\d+\.\d+\.\d+)/.exec(await read(".ci/run"))![1];
    for (const { uses, with: given } of steps) {
      if (uses?.startsWith("denoland/")) equal(given!["deno-version"], `v${tested}`);
    }
    const tasks = Object.keys(JSON.parse(await read("deno.json")).tasks);
    for (const [, task] of text.matchAll(/deno task ([\w:-]+)/g)) equal(tasks.includes(task!), true, task);
  });

  Deno.test(`${name} puts nothing that others choose into a command`, () => {
    // ${{ }} in a command is text before a shell reads it: a branch's name could end it.
    for (const { run = "" } of steps) equal(run.includes("${{"), false, run);
  });
}

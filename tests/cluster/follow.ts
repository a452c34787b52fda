/**
 * Follows the Machines of a kubeconfig and prints one line of JSON when all are there: how many, how long it took,
 * how much memory it costs. Run by load_test.ts as a process of its own, so that only this counts.
 */
import { clientFor, MachineMirror } from "./machines.ts";

const started = performance.now();
using client = await clientFor(Deno.args[0]!);
await using mirror = new MachineMirror(client);
await mirror.cache.synced;
const ms = Math.round(performance.now() - started);
const rssMiB = Math.round(Deno.memoryUsage().rss / 1024 / 1024);
console.log(JSON.stringify({ machines: mirror.cache.size, ms, rssMiB }));

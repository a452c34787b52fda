/** What the runtime says of its process. Open files it does not: they are under /proc, which takes all permissions. */
import process from "node:process";
import { buildInfo } from "../../version.ts";
import type { Metrics } from "./metrics.ts";

const EVERY_MS = 1000;

/** Shows the process and its build; measures until it is disposed. */
export function watchProcess(metrics: Metrics): Disposable {
  const { version, commit } = buildInfo;
  metrics.show("metalman_build_info", () => [{ labels: [version, commit], value: 1 }]);
  metrics.show("process_cpu_seconds_total", () => {
    const { user, system } = process.cpuUsage();
    return (user + system) / 1e6;
  });
  metrics.show("process_resident_memory_bytes", () => Deno.memoryUsage().rss);
  metrics.show("process_start_time_seconds", () => performance.timeOrigin / 1000);
  metrics.show("metalman_heap_used_bytes", () => Deno.memoryUsage().heapUsed);
  metrics.show("metalman_heap_size_bytes", () => Deno.memoryUsage().heapTotal);

  const delays = metrics.histogram("metalman_event_loop_delay_seconds");
  let dueMs = performance.now() + EVERY_MS;
  const timer = setInterval(() => {
    const nowMs = performance.now();
    delays.observe((nowMs - dueMs) / 1000);
    dueMs = nowMs + EVERY_MS;
  }, EVERY_MS);
  return { [Symbol.dispose]: () => clearInterval(timer) };
}

import { deepEqual, equal, match } from "node:assert/strict";
import fc from "fast-check";
import { bucketOf, Counter, Histogram, metricsText } from "./metrics.ts";

const asked = () => new Counter({ name: "asked_total", help: "Asked.", labels: { type: ["a", "b"], how: ["x"] } });

Deno.test("metricsText(): HELP, TYPE and samples (Prometheus exposition format 0.0.4)", () => {
  const counter = asked();
  counter.add(2, "b", "x");
  counter.add(1, "a", "x");
  const histogram = new Histogram({ name: "took_seconds", help: "A \\ and\na line.", bounds: [0.5, 2] });
  for (const seconds of [0.5, 0.75, 3, -1]) histogram.observe(seconds);
  const gauge = { name: "up", help: "Up.", type: "gauge", read: () => [{ labels: [], value: 1 }] } as const;
  equal(
    metricsText([counter, histogram, gauge]),
    `# HELP asked_total Asked.
# TYPE asked_total counter
asked_total{type="a",how="x"} 1
asked_total{type="b",how="x"} 2
# HELP took_seconds A \\\\ and\\na line.
# TYPE took_seconds histogram
took_seconds_bucket{le="0.5"} 2
took_seconds_bucket{le="2.0"} 3
took_seconds_bucket{le="+Inf"} 4
took_seconds_sum 4.25
took_seconds_count 4
# HELP up Up.
# TYPE up gauge
up 1
`,
  );
});

Deno.test("Counter begins at 0 where there is at most one label, so that the first increase is seen", () => {
  deepEqual([...new Counter({ name: "a_total", help: "", labels: { why: ["x", "y"] } }).read()], [
    { labels: ["x"], value: 0 },
    { labels: ["y"], value: 0 },
  ]);
  deepEqual([...asked().read()], []);
});

Deno.test("Counter makes no more series than its labels allow, whatever it is given", () => {
  fc.assert(fc.property(fc.array(fc.array(fc.oneof(fc.string(), fc.constantFrom("a", "x", "__proto__")))), (given) => {
    const counter = asked();
    for (const labels of given) counter.add(1, ...labels);
    const series = [...counter.read()];
    equal(series.reduce((sum, { value }) => sum + value, 0), given.length, "nothing is lost");
    for (const { labels: [type, how] } of series) {
      match(type!, /^(a|b|other)$/);
      match(how!, /^(x|other)$/);
    }
  }));
});

Deno.test("Histogram counts everything once: the buckets add up", () => {
  const bounds = [0.1, 1, 10];
  fc.assert(fc.property(fc.array(fc.double({ noNaN: true, min: 0, max: 1e9 })), (sizes) => {
    const histogram = new Histogram({ name: "s", help: "", bounds });
    for (const size of sizes) histogram.observe(size);
    const [{ counts, sum } = { counts: [], sum: 0 }] = histogram.read();
    deepEqual(
      [...Array.from(counts)],
      [0, 1, 2, 3].map((bucket) => sizes.filter((size) => bucketOf(size, bounds) === bucket).length),
    );
    equal(sum, sizes.reduce((a, b) => a + b, 0));
  }));
});

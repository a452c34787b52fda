/**
 * Metrics in the text format of Prometheus (0.0.4). A label has a set of values that is known when the metric is made,
 * and anything else is `other`: no client can make series without end.
 */

/** The labels of a metric by name, each with the values it may have. */
export type Labels = Readonly<Record<string, readonly string[]>>;

/** What a metric is. */
export interface MetricDescription {
  /** With its unit; a counter's ends in `_total`. */
  readonly name: string;
  /** One sentence for an operator. */
  readonly help: string;
  /** What tells its series apart. @default none */
  readonly labels?: Labels;
}

/** One series of a counter or a gauge. */
export interface Value {
  /** In the order of the metric's labels. */
  readonly labels: readonly string[];
  /** As it is now. */
  readonly value: number;
}

/** One series of a histogram. */
export interface Distribution {
  /** In the order of the metric's labels. */
  readonly labels: readonly string[];
  /** Observations in each bucket, those above the last bound at the end; not added up. */
  readonly counts: ArrayLike<number>;
  /** Of all that was observed. */
  readonly sum: number;
}

/** A metric with its series. */
export type Family =
  | (MetricDescription & { readonly type: "counter" | "gauge"; read(): Iterable<Value> })
  | (MetricDescription & {
    readonly type: "histogram";
    /** Upper bounds of the buckets, ascending, without infinity. */
    readonly bounds: readonly number[];
    read(): Iterable<Distribution>;
  });

/** What a value that a label may not have becomes. */
export const OTHER = "other";

/** Numbers the combinations of label values; every combination has one, whatever the values are. */
class LabelSpace {
  readonly #values: (readonly string[])[];
  readonly #indexes: ReadonlyMap<string, number>[];

  constructor(labels: Labels) {
    this.#values = Object.values(labels).map((values) => values.includes(OTHER) ? values : [...values, OTHER]);
    this.#indexes = this.#values.map((values) => new Map(values.map((value, index) => [value, index])));
  }

  /** No text is put together here: this is what a packet costs. */
  indexOf(labels: readonly string[]): number {
    let index = 0;
    for (let i = 0; i < this.#indexes.length; i++) {
      const indexes = this.#indexes[i]!;
      index = index * indexes.size + (indexes.get(labels[i] ?? OTHER) ?? indexes.get(OTHER)!);
    }
    return index;
  }

  labelsOf(index: number): string[] {
    const labels: string[] = [];
    for (const values of this.#values.toReversed()) {
      labels.unshift(values[index % values.length]!);
      index = Math.floor(index / values.length);
    }
    return labels;
  }
}

/** Counts what happens. */
export class Counter implements MetricDescription {
  /** What it is, to Prometheus. */
  readonly type = "counter";
  readonly name: string;
  readonly help: string;
  /** What tells its series apart. */
  readonly labels: Labels;
  readonly #space: LabelSpace;
  readonly #cells = new Map<number, number>();

  /** With at most one label all its series begin at 0, so that the first increase is seen; else they come as they do. */
  constructor({ name, help, labels = {} }: MetricDescription) {
    this.name = name;
    this.help = help;
    this.labels = labels;
    this.#space = new LabelSpace(labels);
    const [only = [], more] = Object.values(labels);
    if (more !== undefined) return;
    for (const value of Object.keys(labels).length === 0 ? [""] : only) this.add(0, value);
  }

  /** Adds to the series with these label values. */
  add(by: number, ...labels: string[]): void {
    const index = this.#space.indexOf(labels);
    this.#cells.set(index, (this.#cells.get(index) ?? 0) + by);
  }

  /** Its series. */
  *read(): Generator<Value> {
    for (const [index, value] of [...this.#cells].sort(([a], [b]) => a - b)) {
      yield { labels: this.#space.labelsOf(index), value };
    }
  }
}

/** Counts observations by size. */
export class Histogram implements MetricDescription {
  /** What it is, to Prometheus. */
  readonly type = "histogram";
  readonly name: string;
  readonly help: string;
  /** What tells its series apart. */
  readonly labels: Labels;
  /** Upper bounds of its buckets. */
  readonly bounds: readonly number[];
  readonly #space: LabelSpace;
  /** By combination of labels: a count for each bucket, then the sum. */
  readonly #cells = new Map<number, Float64Array>();

  /** Without labels it begins at 0. The upper bounds of the buckets ascend. */
  constructor({ name, help, labels = {}, bounds }: MetricDescription & { readonly bounds: readonly number[] }) {
    this.name = name;
    this.help = help;
    this.labels = labels;
    this.bounds = bounds;
    this.#space = new LabelSpace(labels);
    if (Object.keys(labels).length === 0) this.#cell([]);
  }

  #cell(labels: readonly string[]): Float64Array {
    const index = this.#space.indexOf(labels);
    let cell = this.#cells.get(index);
    if (cell === undefined) this.#cells.set(index, cell = new Float64Array(this.bounds.length + 2));
    return cell;
  }

  /** Adds an observation; less than nothing, as a clock that is set may say, is nothing. */
  observe(size: number, ...labels: string[]): void {
    const cell = this.#cell(labels);
    const value = Math.max(0, size);
    cell[bucketOf(value, this.bounds)]! += 1;
    cell[cell.length - 1]! += value;
  }

  /** Its series. */
  *read(): Generator<Distribution> {
    for (const [index, cell] of [...this.#cells].sort(([a], [b]) => a - b)) {
      yield { labels: this.#space.labelsOf(index), counts: cell.subarray(0, -1), sum: cell.at(-1)! };
    }
  }
}

/** Which bucket a value is in; the number of bounds for one above all of them. */
export function bucketOf(value: number, bounds: readonly number[]): number {
  let bucket = 0;
  while (bucket < bounds.length && value > bounds[bucket]!) bucket++;
  return bucket;
}

/** What the format is called in HTTP. */
export const METRICS_CONTENT_TYPE = "text/plain; version=0.0.4; charset=utf-8";

/** The text that a scraper reads. */
export function metricsText(families: Iterable<Family>): string {
  const lines: string[] = [];
  for (const family of families) {
    const { name, help, type } = family;
    lines.push(`# HELP ${name} ${escaped(help)}`, `# TYPE ${name} ${type}`);
    const names = Object.keys(family.labels ?? {});
    if (family.type === "histogram") {
      for (const series of family.read()) pushDistribution(lines, name, names, family.bounds, series);
    } else {
      for (const { labels, value } of family.read()) lines.push(`${name}${labelText(names, labels)} ${value}`);
    }
  }
  return `${lines.join("\n")}\n`;
}

function pushDistribution(
  lines: string[],
  name: string,
  names: readonly string[],
  bounds: readonly number[],
  { labels, counts, sum }: Distribution,
): void {
  let count = 0;
  for (let i = 0; i <= bounds.length; i++) {
    count += counts[i] ?? 0;
    const le = i === bounds.length ? "+Inf" : decimal(bounds[i]!);
    lines.push(`${name}_bucket${labelText([...names, "le"], [...labels, le])} ${count}`);
  }
  lines.push(`${name}_sum${labelText(names, labels)} ${sum}`, `${name}_count${labelText(names, labels)} ${count}`);
}

/** With the point, as Prometheus 3 stores it: the name of a series does not depend on who scrapes. */
function decimal(bound: number): string {
  return Number.isInteger(bound) ? bound.toFixed(1) : String(bound);
}

function labelText(names: readonly string[], values: readonly string[]): string {
  if (names.length === 0) return "";
  return `{${names.map((name, i) => `${name}="${escaped(values[i] ?? OTHER).replaceAll('"', '\\"')}"`).join(",")}}`;
}

function escaped(text: string): string {
  return text.replaceAll("\\", "\\\\").replaceAll("\n", "\\n");
}

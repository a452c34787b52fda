/** The metrics of one serve-pxe, made from the table as they are joined to what they count. */
import { Counter, type Family, Histogram, metricsText, type Value } from "../../../base/metrics.ts";
import { METRICS } from "./table.ts";

type Table = typeof METRICS;
/** Names of the metrics of a type. */
export type NameOf<Type extends string> = {
  [Name in keyof Table]: Table[Name]["type"] extends Type ? Name : never;
}[keyof Table];

/** A counter or gauge without labels that is read when it is asked for; or its series. */
export type Read = () => number | Iterable<Value>;

/** What /metrics shows. */
export class Metrics {
  readonly #families = new Map<keyof Table, Family>();

  /** Counts into it. */
  counter(name: NameOf<"counter">): Counter {
    return this.#add(name, new Counter({ name, ...METRICS[name] }));
  }

  /** Measures into it. */
  histogram(name: NameOf<"histogram">): Histogram {
    return this.#add(name, new Histogram({ name, ...METRICS[name] }));
  }

  /** Shows what is counted elsewhere. */
  show(name: NameOf<"counter" | "gauge">, read: Read): void {
    const series = () => {
      const value = read();
      return typeof value === "number" ? [{ labels: [], value }] : value;
    };
    this.#add(name, { name, ...METRICS[name], read: series });
  }

  /** Shows what is measured elsewhere, in the buckets of the table. */
  showTimes(name: NameOf<"histogram">, read: Extract<Family, { type: "histogram" }>["read"]): void {
    this.#add(name, { name, ...METRICS[name], read });
  }

  #add<T extends Family>(name: keyof Table, family: T): T {
    if (this.#families.has(name)) throw new TypeError(`Cannot join ${name} twice`);
    this.#families.set(name, family);
    return family;
  }

  /** What a scraper reads, in the order of the table. */
  text(): string {
    const names = Object.keys(METRICS) as (keyof Table)[];
    return metricsText(names.map((name) => this.#families.get(name)).filter((family) => family !== undefined));
  }
}

/** Steps a Machine against a model BMC until it rests, and loses all memory where it is told to. */
import { FakeClock } from "../../base/clock.ts";
import {
  bootSet,
  looked,
  NO_FACTS,
  type PowerFacts,
  powerSent,
  recorded,
  stepping,
  waiting,
} from "../../machine/power_facts.ts";
import { cycleOf } from "../../machine/power_cycle.ts";
import { type PowerStep, powerStep } from "../../machine/power_plan.ts";
import { type MachineObject, readMachine } from "../../machine/types.ts";
import { ModelBmc, type ModelOptions } from "./model_bmc.ts";

/** A point in a run: before or after what a step does. */
export interface Point {
  /** Counted from 0. */
  readonly index: number;
  /** The step. */
  readonly step: PowerStep;
  /** Whether its action is done. */
  readonly isDone: boolean;
}

/** A run. */
export class PowerRun {
  readonly clock = new FakeClock(Date.parse("2026-11-23T09:00:00Z"));
  readonly bmc: ModelBmc;
  /** As the API holds it. */
  object: MachineObject;
  /** Points passed. */
  points = 0;
  facts: PowerFacts = NO_FACTS;
  /** What was written, in order. */
  readonly written: string[] = [];

  /** @param operations spec.operations over a Machine that has done nothing yet */
  constructor(operations: { rebootCounter: number; repaveCounter: number }, options: ModelOptions) {
    this.bmc = new ModelBmc(this.clock, options);
    this.object = {
      metadata: { name: "node-01", generation: 1 },
      spec: {
        pxe: {
          image: "i:v1",
          redfish: { url: "https://bmc", username: "u", passwordRef: { name: "n", namespace: "s" } },
        },
        operations,
      },
      status: { operations: { rebootCounter: 0, repaveCounter: 0 } },
    };
  }

  /** Asks for other counters. */
  ask(operations: { rebootCounter: number; repaveCounter: number }): void {
    this.object = { ...this.object, spec: { ...this.object.spec, operations } };
  }

  /** Forgets everything that the API does not hold. */
  crash(downMs: number): void {
    this.facts = NO_FACTS;
    this.clock.advance(downMs);
  }

  /** One step; `at` is called before and after it and says whether to crash there. */
  step(at: (point: Point) => boolean = () => false): PowerStep {
    const nowMs = this.clock.now();
    const { machine } = readMachine(this.object);
    this.facts = stepping(this.facts, cycleOf(machine));
    const step = powerStep(machine, this.facts, nowMs);
    if (at({ index: this.points++, step, isDone: false })) return step;
    const next = this.#act(step, nowMs);
    if (at({ index: this.points++, step, isDone: true })) return step;
    this.facts = next;
    return step;
  }

  #act(step: PowerStep, nowMs: number): PowerFacts {
    switch (step.kind) {
      case "look":
        return looked(this.facts, { power: this.bmc.look(), fingerprint: "ab:cd", atMs: nowMs });
      case "boot":
        this.bmc.boot = step.plan.kind === "network" ? step.plan.target : "None";
        return bootSet(this.facts, { plan: step.plan, cycle: step.cycle, atMs: nowMs });
      case "power":
        this.bmc.power(step.to);
        return powerSent(this.facts, { to: step.to, atMs: nowMs });
      case "record":
        this.object = { ...this.object, status: step.status };
        this.written.push(step.says);
        return recorded(this.facts);
      case "wait":
        this.clock.advance(step.afterMs);
        return waiting(this.facts);
      case "rest":
        return waiting(this.facts);
    }
  }

  /** Steps until there is nothing to do; more steps than `most` are an endless run. */
  rest(at: (point: Point) => number | undefined = () => undefined, most = 2000): void {
    for (let steps = 0; steps < most; steps++) {
      let downMs: number | undefined;
      const step = this.step((point) => (downMs = at(point)) !== undefined);
      if (downMs !== undefined) this.crash(downMs);
      else if (step.kind === "rest") return;
    }
    throw new Error(`no rest after ${most} steps; written: ${this.written.join(", ")}`);
  }
}

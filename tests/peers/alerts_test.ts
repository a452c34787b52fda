/** docs/alerts.yaml by Prometheus itself: each rule is in order, fires when it should and is silent when it should be. */
import { equal } from "node:assert/strict";
import { load } from "js-yaml";
import { peerTest, run } from "./peer.ts";

const RULES = new URL("../../docs/alerts.yaml", import.meta.url).pathname;

/** Values once a minute, as promtool writes them: `1x40` is 1 for 40 minutes, `0+2x40` grows by 2 each minute. */
type Series = Readonly<Record<string, string>>;

const UP = 'metalman_build_info{job="a",instance="i",version="v1",commit="c"}';
const SECOND = UP.replace('instance="i"', 'instance="j"');
const OTHER_SITE = UP.replace('job="a"', 'job="b"');
const one = (name: string, labels = "") => `${name}{job="a",instance="i"${labels}}`;
const calls = (code: string) => one("metalman_api_requests_total", `,verb="GET",code="${code}"`);
const lookups = (result: string) => one("metalman_image_lookups_total", `,result="${result}"`);
const bmcs = (state: string) => one("metalman_bmcs", `,state="${state}"`);
const pins = one("metalman_bmc_pin_mismatches_total");
const attested = (result: string) => one("metalman_attestations_total", `,result="${result}"`);
const delay = (part: string) => one(`metalman_event_loop_delay_seconds_${part}`);

/** Forty minutes, at the end of which the alert fires, and others at the end of which it does not. */
const CASES: Readonly<Record<string, { readonly fires: Series; readonly silent: readonly Series[] }>> = {
  MetalmanDown: { fires: { [UP]: "1x5", [OTHER_SITE]: "1x40" }, silent: [{ [UP]: "1x5", [SECOND]: "1x40" }] },
  MetalmanNoLeader: {
    fires: { [one("metalman_leader")]: "1x30 0x10", 'metalman_leader{job="a",instance="j"}': "0x40" },
    silent: [{ [one("metalman_leader")]: "1x30 0x10", 'metalman_leader{job="a",instance="j"}': "0x30 1x10" }],
  },
  MetalmanApiFails: {
    fires: { [calls("200")]: "0+1x40", [calls("<error>")]: "0+2x40" },
    silent: [{ [calls("200")]: "0+3x40", [calls("503")]: "0+1x40" }, { [calls("404")]: "0+1x40" }],
  },
  MetalmanImageNotPulled: {
    fires: { [lookups("NotFoundError")]: "0+1x40" },
    silent: [{ [lookups("NotFoundError")]: "0x20 1x20", [lookups("ok")]: "0+5x40" }],
  },
  MetalmanBmcsFail: {
    fires: { [bmcs("answering")]: "8x40", [bmcs("login")]: "1x40", [bmcs("unreachable")]: "1x40" },
    silent: [{ [bmcs("answering")]: "19x40", [bmcs("login")]: "1x40" }, { [bmcs("unknown")]: "10x40" }],
  },
  MetalmanBmcPinMismatch: { fires: { [pins]: "0x20 1x20" }, silent: [{ [pins]: "0x40" }] },
  MetalmanAttestationRefused: {
    fires: { [attested("AnotherKey")]: "0x20 1x20" },
    silent: [{ [attested("Issued")]: "0+1x40", [attested("Unavailable")]: "0+1x40" }],
  },
  MetalmanBusy: {
    fires: { [delay("sum")]: "0+24x40", [delay("count")]: "0+48x40" },
    silent: [{ [delay("sum")]: "0+1x40", [delay("count")]: "0+59x40" }],
  },
};

/** One of promtool's unit tests. */
function unitTest(alert: string, series: Series, firing: number) {
  return {
    name: alert,
    interval: "1m",
    input_series: Object.entries(series).map(([name, values]) => ({ series: name, values })),
    promql_expr_test: [{
      expr: `count(ALERTS{alertname="${alert}",alertstate="firing"}) or vector(0)`,
      eval_time: "40m",
      exp_samples: [{ labels: "{}", value: firing }],
    }],
  };
}

peerTest("alerts.yaml: promtool accepts it, and each alert fires when it should and not otherwise", {
  programs: ["promtool"],
}, async () => {
  const { groups } = load(await Deno.readTextFile(RULES)) as { groups: { rules: { alert: string }[] }[] };
  const alerts = groups.flatMap(({ rules }) => rules.map(({ alert }) => alert));
  equal(alerts.join(), Object.keys(CASES).join(), "a case for each");
  await run("promtool", ["check", "rules", RULES]);
  const tests = Object.entries(CASES).flatMap(([alert, { fires, silent }]) => [
    unitTest(alert, fires, 1),
    ...silent.map((series) => unitTest(alert, series, 0)),
  ]);
  tests.push(unitTest("MetalmanDown", {}, 1), unitTest("MetalmanDown", { [UP]: "1x5" }, 1));
  const file = await Deno.makeTempFile({ suffix: ".yaml" });
  try {
    await Deno.writeTextFile(file, JSON.stringify({ rule_files: [RULES], evaluation_interval: "1m", tests }));
    await run("promtool", ["test", "rules", file]);
  } finally {
    await Deno.remove(file);
  }
});

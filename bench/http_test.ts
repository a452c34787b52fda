import assert from "node:assert/strict";
import { parseWrk } from "./http.ts";

const OUTPUT = `Running 5s test @ http://10.99.0.1:8880/grub/grub.cfg
  Latency Distribution
     50%    3.50ms
     75%    4.10ms
     90%    5.00ms
     99%  812.00us
  81170 requests in 5.00s, 61.30MB read
Requests/sec:  16226.31
Transfer/sec:     12.26MB
`;

Deno.test("parseWrk() reads the rate and the 99th percentile in its unit", () => {
  assert.deepEqual(parseWrk(OUTPUT), { perSecond: 16226.31, p99ms: 0.812 });
  assert.equal(parseWrk(OUTPUT.replace("812.00us", "1.20s")).p99ms, 1200);
});

const BAD: readonly [name: string, output: string, message: RegExp][] = [
  ["refused requests", `${OUTPUT}  Non-2xx or 3xx responses: 17\n`, /17/],
  ["broken connections", `${OUTPUT}  Socket errors: connect 0, read 3, write 0, timeout 0\n`, /read 3/],
  ["what is not wrk's", "unable to connect to 10.99.0.1:8880", /unable to connect/],
];

for (const [name, output, message] of BAD) {
  Deno.test(`parseWrk() does not count ${name}`, () => assert.throws(() => parseWrk(output), message));
}

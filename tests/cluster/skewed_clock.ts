/** Loaded before metalman, so that its time of day is wrong by SKEW_MS. What is decided on how long something lasts must not notice. */
const skewMs = Number(Deno.env.get("SKEW_MS"));
const right = Date.now;
Date.now = () => right() + skewMs;

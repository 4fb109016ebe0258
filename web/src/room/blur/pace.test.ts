import { expect, test } from "vitest";
import { Pace } from "./pace";

/** Returns the number of seconds after which a device with `rate` frames a second is found too slow; null if that does not
 *  happen within a minute. */
function givesUp(rate: (second: number) => number): number | null {
  const pace = new Pace(0);
  for (let now = 0; now < 60_000; now += 1000 / rate(now / 1000)) if (pace.frame(now)) return now / 1000;
  return null;
}

test("a device that is fast enough keeps its blur", () => {
  expect(givesUp(() => 24)).toBeNull();
  expect(givesUp(() => 10)).toBeNull();
});

test("a slow device loses it within ten seconds", () => {
  expect(givesUp(() => 3)).toBeGreaterThan(5);
  expect(givesUp(() => 3)).toBeLessThan(10);
});

test("slow first seconds and one slow stretch do not count", () => {
  expect(givesUp((second) => (second < 2 ? 1 : 20))).toBeNull();
  expect(givesUp((second) => (second > 20 && second < 23 ? 2 : 20))).toBeNull();
});

test("a pause does not count as slow", () => {
  const pace = new Pace(0);
  for (let now = 0; now < 10_000; now += 50) expect(pace.frame(now)).toBe(false);
  pace.restart(60_000);
  for (let now = 60_000; now < 70_000; now += 50) expect(pace.frame(now)).toBe(false);
  expect(pace.rate).toBeCloseTo(20, 0);
});

/** Returns the pause before each attempt to reconnect: 0, 0.3, 1.2, 2.7 s, then always 2.7 s. Up to 30 % random jitter
 *  (`jittered`) keeps a thousand browsers from reconnecting at the same instant. */

const STEPS_MS = [0, 300, 1200, 2700];

export function delayMs(attempt: number, random: number): number {
  const step = STEPS_MS[Math.min(attempt, STEPS_MS.length - 1)] ?? 0;
  return jittered(step, random);
}

export const jittered = (ms: number, random: number): number => Math.round(ms * (1 + 0.3 * random));

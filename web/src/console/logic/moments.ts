/** Finds the moments at which something was written or drawn. The replay's time slider stops at them. Pure. */

/** Returns each moment once, in order. All strokes within a second are one moment, so that handwriting does not stop at each
 *  letter. */
export function moments(lines: readonly { at: number }[], strokes: readonly number[]): number[] {
  const drawn = new Map(strokes.filter((at) => at > 0).map((at) => [Math.floor(at / 1000), at] as const));
  for (const at of strokes) {
    const second = Math.floor(at / 1000);
    if (at > (drawn.get(second) ?? at)) drawn.set(second, at);
  }
  return [...new Set([...lines.map((line) => line.at), ...drawn.values()])].sort((a, b) => a - b);
}

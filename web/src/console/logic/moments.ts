/** Finds the moments at which something was written or drawn. The replay's time slider stops at these moments. Pure. */

/** Returns the moments in order, each once. All strokes within a second count as one moment, so that the slider does not stop
 *  at every letter of handwriting. */
export function moments(lines: readonly { at: number }[], strokes: readonly number[]): number[] {
  const drawn = new Map(strokes.filter((at) => at > 0).map((at) => [Math.floor(at / 1000), at] as const));
  for (const at of strokes) {
    const second = Math.floor(at / 1000);
    if (at > (drawn.get(second) ?? at)) drawn.set(second, at);
  }
  return [...new Set([...lines.map((line) => line.at), ...drawn.values()])].sort((a, b) => a - b);
}

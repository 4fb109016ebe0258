/** The stops of the scrubber: each moment at which something was written or drawn. Pure. */

/** Returns each moment once, in order. Strokes of one second are one stop, so handwriting is not stepped letter by letter. */
export function moments(lines: readonly { at: number }[], strokes: readonly number[]): number[] {
  const drawn = new Map(strokes.filter((at) => at > 0).map((at) => [Math.floor(at / 1000), at] as const));
  for (const at of strokes) {
    const second = Math.floor(at / 1000);
    if (at > (drawn.get(second) ?? at)) drawn.set(second, at);
  }
  return [...new Set([...lines.map((line) => line.at), ...drawn.values()])].sort((a, b) => a - b);
}

/** An incoming call: which one is shown, how much of its ring is left, what the tab's title says. */
import type { Ring } from "../../messages";

export const RING_MS = 20_000;

/** The call that is shown: the one that expires first. */
export function shown(rings: Ring[]): Ring | null {
  return rings.reduce<Ring | null>((first, ring) => (first === null || ring.expires_at < first.expires_at ? ring : first), null);
}

/** 1 when it begins to ring, 0 when it is over. */
export function fraction(ring: Ring, now: number): number {
  return Math.min(1, Math.max(0, (ring.expires_at - now) / RING_MS));
}

export function secondsLeft(ring: Ring, now: number): number {
  return Math.max(0, Math.ceil((ring.expires_at - now) / 1000));
}

/** The title alternates once a second, so that a tab in the background is seen. */
export function title(base: string, calling: string | null, now: number): string {
  return calling !== null && Math.floor(now / 1000) % 2 === 0 ? calling : base;
}

/** A field of the brief, for the card of an incoming call. */
export function field(ring: Ring, name: string): string {
  return ring.brief?.fields.find((one) => one.name === name)?.value ?? "";
}

/** On an arc drawn with a dash: the offset at which `part` (0..1) of a circle of radius `r` is seen. */
export function dash(part: number, r: number): { array: number; offset: number } {
  const round = 2 * Math.PI * r;
  return { array: round, offset: round * (1 - Math.min(1, Math.max(0, part))) };
}

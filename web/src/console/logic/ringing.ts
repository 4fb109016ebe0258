/** Rules for incoming calls: which call is shown, how much of its ringing time is left, and what the tab's title says. */
import type { Ring, SessionView } from "../../messages";

export const RING_MS = 20_000;
const UPGRADE_MS = 30_000;

/** Something that rings: a visitor or colleague whom the server now offers to me alone, or my text session whose visitor asks for
 *  voice or video. */
export type Call = Omit<Ring, "kind"> & { kind: Ring["kind"] | "upgrade" };

/** Returns those of my text sessions whose visitors ask for voice or video now, in the form of calls that ring. */
export function upgrades(sessions: SessionView[]): Call[] {
  return sessions.flatMap((session) => {
    const { upgrade, participants, you } = session;
    const mine = participants.some((one) => one.id === you && one.owner);
    if (session.state !== "active" || upgrade?.state !== "ringing" || !mine) return [];
    const user = participants.find((one) => one.role === "user");
    return [
      {
        type: "ring",
        kind: "upgrade",
        reservation: `upgrade.${session.id}.${upgrade.until}`,
        session: session.id,
        expires_at: upgrade.until,
        waiting_since: upgrade.until - UPGRADE_MS,
        site: session.site.name,
        category: session.category.name,
        language: session.language,
        channel: upgrade.channel,
        from_name: user?.name ?? "",
      },
    ];
  });
}

/** Returns the incoming call to show, which is the call that stops ringing first; null if none rings. */
export function shown(rings: Call[]): Call | null {
  return rings.reduce<Call | null>((first, ring) => (first === null || ring.expires_at < first.expires_at ? ring : first), null);
}

/** Returns the key of the text that says what rings: a call, a callback, an appointment, a transfer … */
export const titleKey = ({ kind, with_name }: Call) =>
  kind === "user" ? "ring.title" : kind === "callback" && with_name ? "ring.title.appointment" : (`ring.title.${kind}` as const);

/** Returns which share of a call's ringing time is left: 1 at the beginning, 0 at the end. */
export function fraction(ring: Call, now: number): number {
  return Math.min(1, Math.max(0, (ring.expires_at - now) / (ring.kind === "upgrade" ? UPGRADE_MS : RING_MS)));
}

export function secondsLeft(ring: Call, now: number): number {
  return Math.max(0, Math.ceil((ring.expires_at - now) / 1000));
}

/** Returns the tab's title. While a call rings, the title changes every second between `base` and `calling`, so that people
 *  notice a tab in the background. */
export function title(base: string, calling: string | null, now: number): string {
  return calling !== null && Math.floor(now / 1000) % 2 === 0 ? calling : base;
}

/** Returns the text of a field of the brief (the facts about the visit), for the card of an incoming call. */
export function field(ring: Call, name: string): string {
  return ring.brief?.fields.find((one) => one.name === name)?.value ?? "";
}

/** Returns the SVG dash pattern that shows `part` (0..1) of a circle of radius `r`. */
export function dash(part: number, r: number): { array: number; offset: number } {
  const round = 2 * Math.PI * r;
  return { array: round, offset: round * (1 - Math.min(1, Math.max(0, part))) };
}

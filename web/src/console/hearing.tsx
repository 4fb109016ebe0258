import type { SessionView } from "../messages";
import {
  cast,
  HEIGHTS,
  hearsNow,
  lines,
  places,
  segment,
  shortName,
  type Cast,
  type Hears,
  type Line,
  type Point,
} from "./logic/hearing";
import { nameOf } from "../staff/names";
import { t } from "../staff/texts";

const R = 19;

function Wire({ line, at }: { line: Line; at: Record<string, Point> }) {
  const from = at[line.a];
  const to = at[line.b];
  if (from === undefined || to === undefined) return null;
  const ends = segment(from, to, R + 5);
  // An arrow points to the person who hears.
  const toB = line.way === "both" || line.way === "b_hears_a";
  const toA = line.way === "both" || line.way === "a_hears_b";
  return (
    <line
      {...ends}
      class={`wire wire-${line.way}`}
      marker-end={toB ? "url(#hears)" : undefined}
      marker-start={toA ? "url(#hears)" : undefined}
    />
  );
}

function Face({ name, role, you, at }: { name: string; role: Exclude<keyof Cast, "guests"> | "guest"; you: boolean; at: Point }) {
  const above = at.y < 100; // the faces are on a curve, the names outside it: above a face in the upper half, else below the face
  return (
    <g class={`face face-${role} ${you ? "face-you" : ""}`}>
      <title>{name}</title>
      <circle cx={at.x} cy={at.y} r={R} />
      <text x={at.x} y={at.y + 5} class="face-initial" aria-hidden="true">
        {Array.from(name)[0]}
      </text>
      <text x={at.x} y={above ? at.y - R - 8 : at.y + R + 15} class="face-name">
        {you ? t("hear.you") : shortName(name, at.x)}
      </text>
    </g>
  );
}

/** Returns a text for screen readers that says who hears whom, as the picture shows it. */
function inWords(all: Line[], name: (id: string) => string): string {
  return all
    .map(({ a, b, way }) => {
      if (way === "both" || way === "none") return t(`hear.${way}`, { a: name(a), b: name(b) });
      return way === "a_hears_b" ? t("hear.one", { a: name(a), b: name(b) }) : t("hear.one", { a: name(b), b: name(a) });
    })
    .join(". ");
}

/** Draws the people of a session and who hears whom; `preview` shows the result of a change. */
export function HearingPicture({ session, preview }: { session: SessionView; preview?: Hears }) {
  const who = cast(session.participants);
  const at = places(who);
  const all = lines(preview ?? hearsNow(session.room), [who.user, who.counselor, who.professional, ...who.guests]);
  const name = (id: string) => nameOf(session.participants.find((one) => one.id === id));
  const faces = [
    ...(["user", "counselor", "professional"] as const).map((role) => ({ role, id: who[role] })),
    ...who.guests.map((id) => ({ role: "guest" as const, id })),
  ].filter(({ id }) => id !== "");
  return (
    <svg
      viewBox={`0 0 240 ${HEIGHTS[who.guests.length] ?? 258}`}
      class={`hearing ${preview ? "hearing-preview" : ""} ${who.guests.length > 0 ? "hearing-guests" : ""}`}
      role="img"
      aria-label={`${t(preview ? "hear.after" : "hear.title")}: ${inWords(all, name)}`}
      data-testid="hearing"
    >
      <defs>
        <marker id="hears" viewBox="0 0 10 10" refX="8" refY="5" markerWidth="6" markerHeight="6" orient="auto-start-reverse">
          <path d="M0 0 10 5 0 10z" class="wire-head" />
        </marker>
      </defs>
      {all.map((line) => (
        <Wire key={line.a + line.b} line={line} at={at} />
      ))}
      {faces.map(({ role, id }) => (
        <Face key={id} name={name(id)} role={role} you={id === session.you} at={at[id]!} />
      ))}
    </svg>
  );
}

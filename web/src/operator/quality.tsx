import { X } from "lucide";
import { nameOf, roleName } from "../staff/names";
import type { CallQuality, Grade, PersonQuality, SessionItem, StreamQuality } from "../messages";
import { IconButton } from "../ui";
import { kilobits, milliseconds, percent } from "./logic/figures";
import { t } from "./texts";

const GRADE_PILLS = { good: "pill-ok", fair: "pill-warn", poor: "pill-danger" } as const;

/** Shows the quality grade of a call or of one person's connection. Shows nothing while the grade is unknown. */
export function GradePill({ grade }: { grade: Grade | null }) {
  return grade === null ? null : <span class={`pill ${GRADE_PILLS[grade]}`}>{t(`grade.${grade}`)}</span>;
}

function layerText({ layer }: StreamQuality): string {
  if (layer === "paused") return t("quality.paused");
  return layer === "l" ? t("quality.small") : layer === "h" ? t("quality.large") : "";
}

function Streams({ way, streams, people }: { way: "up" | "down"; streams: StreamQuality[]; people: PersonQuality[] }) {
  const of = (source: string) => people.find((one) => one.id === source);
  return (
    <tbody>
      <tr>
        <th scope="rowgroup" colSpan={4} class="quality-way">
          {t(`quality.${way}`)}
        </th>
      </tr>
      {streams.length === 0 && (
        <tr>
          <td colSpan={4} class="dim">
            {t("quality.nothing")}
          </td>
        </tr>
      )}
      {streams.map((stream) => {
        const source = of(stream.source);
        return (
          <tr key={stream.kind + stream.source + (way === "up" ? stream.layer : "")}>
            <th scope="row">
              {t(`quality.kind.${stream.kind as "audio" | "camera" | "screen"}`)}
              <span class="dim">
                {" "}
                {[source === undefined ? "" : nameOf(source), layerText(stream)].filter(Boolean).join(" · ")}
              </span>
            </th>
            <td class="figure">{kilobits(stream.bps)}</td>
            <td class="figure">{percent(stream.lost_percent)}</td>
            <td class="figure">{milliseconds(stream.jitter_ms)}</td>
          </tr>
        );
      })}
    </tbody>
  );
}

function PersonCard({ person, people }: { person: PersonQuality; people: PersonQuality[] }) {
  const { rtt_ms, carries_bps, concealed_percent, path } = person;
  const facts = [
    [t("quality.path"), t(`path.${path}`)],
    [t("quality.rtt"), milliseconds(rtt_ms)],
    [t("quality.carries"), kilobits(carries_bps)],
    [t("quality.concealed"), percent(concealed_percent)],
  ] as const;
  const connected = path === "direct" || path === "relay";
  return (
    <article class="quality-person" data-testid="quality-person">
      <h3>
        {nameOf(person)} <span class="dim">{roleName(person.role)}</span> <GradePill grade={person.grade} />
      </h3>
      <dl class="quality-facts">
        {facts.slice(0, connected ? 4 : 1).map(([name, value]) => (
          <div key={name}>
            <dt>{name}</dt>
            <dd class="num">{value}</dd>
          </div>
        ))}
      </dl>
      {connected && (
        <table class="quality-streams">
          <thead>
            <tr>
              <th scope="col">
                <span class="visually-hidden">{t("quality.stream")}</span>
              </th>
              <th scope="col" class="figure">
                kbit/s
              </th>
              <th scope="col" class="figure">
                {t("quality.lost")}
              </th>
              <th scope="col" class="figure">
                {t("quality.jitter")}
              </th>
            </tr>
          </thead>
          <Streams way="up" streams={person.up} people={people} />
          <Streams way="down" streams={person.down} people={people} />
        </table>
      )}
    </article>
  );
}

/** Shows the quality of every connection in a call. The server sends the newest values every two seconds. */
export function QualityPart({
  session,
  quality,
  onClose,
}: {
  session: SessionItem;
  quality: CallQuality | null;
  onClose: () => void;
}) {
  const people = quality?.people ?? [];
  return (
    <section class="card quality" data-testid="call-quality" aria-label={t("quality.title")}>
      <header class="table-head">
        <h2>
          {t("quality.title")} <span class="dim">{[session.category, session.counselor].filter(Boolean).join(" · ")}</span>
        </h2>
        <IconButton
          kind="quiet"
          icon={X}
          label={t("quality.close")}
          class="quality-close"
          onClick={onClose}
          data-testid="quality-close"
        />
      </header>
      {quality === null ? (
        <div class="skeleton quality-loading" role="status" aria-label={t("quality.loading")} />
      ) : (
        <div class="quality-people">
          {people.map((person) => (
            <PersonCard key={person.id} person={person} people={people} />
          ))}
        </div>
      )}
      <p class="dim quality-hint">{t("quality.hint")}</p>
    </section>
  );
}

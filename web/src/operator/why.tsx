import { dateTime, timeOfDay } from "../console/logic/format";
import type { Why } from "../messages";
import { useLocale } from "../ui";
import { whyOf, type EventItem } from "./records";
import { t, textOr } from "./texts";

function WhyCard({ why, event }: { why: Why; event: EventItem }) {
  const locale = useLocale();
  const staff = typeof event.data.staff === "string" ? event.data.staff : "";
  return (
    <li class="why">
      <p>
        <time class="num dim">{timeOfDay(event.at, locale)}</time> <strong>{staff || event.kind}</strong>{" "}
        <span class="pill">
          {t("one.why.ring")}: {t(`one.why.ring.${why.ring}`)}
        </span>
      </p>
      <dl class="why-facts">
        <dt>{t("one.why.rule")}</dt>
        <dd>{textOr(`why.rule.${why.rule}`, why.rule)}</dd>
        <dt>{t("one.why.candidates")}</dt>
        <dd>{why.candidates.join(", ") || "–"}</dd>
        <dt>{t("one.why.passed")}</dt>
        <dd>{why.passed_over.map((one) => `${one.staff} (${textOr(`why.${one.reason}`, one.reason)})`).join(", ") || "–"}</dd>
      </dl>
    </li>
  );
}

/** Each match of the session, with its reasons. */
export function WhyList({ events }: { events: EventItem[] }) {
  const reasons = events.map((event) => ({ event, why: whyOf(event) })).filter((one): one is { event: EventItem; why: Why } => one.why !== null);
  if (reasons.length === 0) return <p class="dim">{t("one.why.none")}</p>;
  return (
    <ol class="whys">
      {reasons.map(({ event, why }, i) => (
        <WhyCard key={i} event={event} why={why} />
      ))}
    </ol>
  );
}

/** Everything that happened, folded away until wanted. */
export function Events({ events }: { events: EventItem[] }) {
  const locale = useLocale();
  return (
    <details class="events">
      <summary>
        {t("one.events")} ({events.length})
      </summary>
      <ol>
        {events.map((event, i) => (
          <li key={i}>
            <time class="num">{dateTime(event.at, locale)}</time> <strong>{event.kind}</strong> <code>{JSON.stringify(event.data)}</code>
          </li>
        ))}
      </ol>
    </details>
  );
}

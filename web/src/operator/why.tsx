import { dateTime } from "../staff/format";
import { timeText } from "../ui/when";
import type { Why } from "../messages";
import { useLocale, whenText, type Locale } from "../ui";
import { whyOf, type EventItem } from "./records";
import { t, textOr } from "./texts";

function WhyCard({ why, event }: { why: Why; event: EventItem }) {
  const locale = useLocale();
  const staff = typeof event.data.staff === "string" ? event.data.staff : "";
  return (
    <li class="why">
      <p>
        <time class="num dim">{timeText(event.at, locale)}</time> <strong>{staff || event.kind}</strong>{" "}
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
        <dd>{why.passed_over.map((one) => `${one.staff} (${t(`why.${one.reason}`)})`).join(", ") || "–"}</dd>
      </dl>
    </li>
  );
}

function callbackWords(state: string, due_at: unknown, locale: Locale): string {
  const when = typeof due_at === "number" ? whenText(due_at, Date.now(), locale) : "";
  return when ? t("one.callback.scheduled_at", { when }) : textOr(`one.callback.${state}`, "");
}

/** Returns the sentence for an event of the session: a visitor's wish for one certain counselor, a callback, or a transfer; ""
 *  for all other events. */
function stepWords({ kind, data }: EventItem, locale: Locale): string {
  const { staff, state, to } = data;
  if (kind === "preferred" && typeof staff === "string")
    return t(state === "not_free" ? "one.preferred.not_free" : "one.preferred", { staff });
  if (kind === "callback" && typeof state === "string") return callbackWords(state, data.due_at, locale);
  if (kind !== "transfer") return "";
  return typeof to === "string" ? t("one.transfer", { to }) : t("one.transfer.nobody");
}

function StepCard({ event, words }: { event: EventItem; words: string }) {
  const locale = useLocale();
  return (
    <li class="why">
      <time class="num dim">{timeText(event.at, locale)}</time> {words}
    </li>
  );
}

/** Shows why the matcher chose each member of staff for this session, and each event that `stepWords` describes. */
export function WhyList({ events }: { events: EventItem[] }) {
  const locale = useLocale();
  const reasons = events
    .map((event) => ({ event, why: whyOf(event), words: stepWords(event, locale) }))
    .filter(({ why, words }) => why !== null || words !== "");
  if (reasons.length === 0) return <p class="dim">{t("one.why.none")}</p>;
  return (
    <ol class="whys">
      {reasons.map(({ event, why, words }, i) =>
        why === null ? <StepCard key={i} event={event} words={words} /> : <WhyCard key={i} event={event} why={why} />,
      )}
    </ol>
  );
}

/** Lists every event of the session. The list is folded until the operator opens it. */
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
            <time class="num">{dateTime(event.at, locale)}</time> <strong>{event.kind}</strong>{" "}
            <code>{JSON.stringify(event.data)}</code>
          </li>
        ))}
      </ol>
    </details>
  );
}

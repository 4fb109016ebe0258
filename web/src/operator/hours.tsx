import { Pencil, Plus, X } from "lucide";
import { useState } from "preact/hooks";
import { ApiError } from "../staff/api";
import { sentence } from "../staff/refusals";
import { t as shared } from "../staff/texts";
import { may } from "../staff/rights";
import { Button, Dialog, Failure, Field, IconButton, type Locale, Select, toast, useLocale, whenText } from "../ui";
import { appointments } from "./appointments/api";
import { Touched } from "./appointments/touched";
import { Loaded } from "./loaded";
import { askAboutHours, type Ask } from "./preview/api";
import { Preview } from "./preview/preview";
import {
  draftOf,
  hoursOf,
  OFFICE,
  WEEKDAYS,
  weekText,
  withClosed,
  type Draft,
  type Hours,
  type Span,
  type Weekday,
} from "./logic/hours";
import { holidaysOf, readHours, saveHours, type CategoryHours, type SiteHours } from "./records";
import { t } from "./texts";

const MONDAY = new Date("2026-11-23T12:00:00");
export const dayName = (day: Weekday, locale: Locale, weekday: "long" | "short") =>
  new Intl.DateTimeFormat(locale, { weekday }).format(MONDAY.getTime() + WEEKDAYS.indexOf(day) * 86_400_000);

/** The part of the operators' page that edits the opening hours of each topic. */
export function HoursPart() {
  const locale = useLocale();
  const [changed, setChanged] = useState<SiteHours[]>([]);
  return (
    <div class="past">
      <p class="dim">{t("hours.lead")}</p>
      {may("appointments.manage") && (
        <Loaded key={changed.length} what="touched" load={appointments}>
          {(items) => <Touched items={items.filter((one) => one.trouble !== "")} />}
        </Loaded>
      )}
      <Loaded key={locale} what="hours" load={readHours}>
        {(sites) =>
          sites.map((site) => (
            <SiteCard
              key={site.id}
              site={changed.find((one) => one.id === site.id) ?? site}
              onSaved={(saved) => setChanged([saved, ...changed])}
            />
          ))
        }
      </Loaded>
    </div>
  );
}

function SiteCard({ site, onSaved }: { site: SiteHours; onSaved: (site: SiteHours) => void }) {
  const locale = useLocale();
  const [edited, setEdited] = useState<CategoryHours | null>(null);
  const nameOf = (id: string) => site.categories.find((one) => one.id === id)?.name ?? id;
  return (
    <section class="card hours-site">
      <h2>{site.name}</h2>
      <ul class="hours-list">
        {site.categories.map((category) => (
          <li key={category.id} data-testid={`hours-${category.id}`}>
            <div class="hours-what">
              <strong>{category.name}</strong> <State category={category} />
              <p class="dim">
                {category.hours
                  ? `${weekText(category.hours, (day) => dayName(day, locale, "short"))} (${category.hours.timezone})`
                  : category.inherited_from
                    ? t("hours.inherited", { name: nameOf(category.inherited_from) })
                    : t("hours.always")}
              </p>
            </div>
            <IconButton
              icon={Pencil}
              kind="quiet"
              label={t("hours.edit", { name: category.name })}
              data-testid={`hours-edit-${category.id}`}
              onClick={() => setEdited(category)}
            />
          </li>
        ))}
      </ul>
      {edited !== null && (
        <HoursEditor
          key={edited.id}
          title={t("hours.of", { name: edited.name })}
          hours={edited.hours}
          without={edited.parent ? t("hours.inherit", { name: nameOf(edited.parent) }) : t("hours.always")}
          save={async (hours) => onSaved(await saveHours(site.id, edited.id, hours))}
          preview={(hours) => askAboutHours(site.id, edited.id, hours)}
          onClose={() => setEdited(null)}
        />
      )}
    </section>
  );
}

function State({ category: { opening } }: { category: CategoryHours }) {
  const locale = useLocale();
  if (opening.open) return <span class="pill pill-ok">{t("hours.open")}</span>;
  return (
    <span class="pill pill-warn">
      {opening.opens_at === null ? t("hours.closed") : t("hours.opens", { when: whenText(opening.opens_at, Date.now(), locale) })}
    </span>
  );
}

interface EditorProps {
  title: string;
  /** The label of the switch that says whether this topic or member has hours of its own. */
  which?: string;
  hours: Hours | null;
  /** A sentence that says which hours apply if this topic or member has no hours of its own. */
  without: string;
  save: (hours: Hours | null) => Promise<void>;
  /** Asks the server how the changed hours would affect how long visitors wait. Without this function, the editor shows no
   *  preview. */
  preview?: (hours: Hours | null) => Ask;
  onClose: () => void;
}

/** Edits the hours of a topic or of a member of staff: a week, and special days whose hours differ from the week's. */
export function HoursEditor({ title, which, hours, without, save: store, preview, onClose }: EditorProps) {
  const locale = useLocale();
  const [own, setOwn] = useState(hours !== null);
  const [draft, setDraft] = useState<Draft>(() => draftOf(hours, Intl.DateTimeFormat().resolvedOptions().timeZone));
  const [busy, setBusy] = useState(false);
  const [failed, setFailed] = useState("");
  const save = async () => {
    setBusy(true);
    try {
      await store(own ? hoursOf(draft) : null);
      toast(t("do.done"));
      onClose();
    } catch (error) {
      setFailed(sentence(error));
      setBusy(false);
    }
  };
  const wanted = own ? hoursOf(draft) : null;
  const differs = JSON.stringify(wanted) !== JSON.stringify(hours);
  const setDay = (n: number, change: Partial<Draft["days"][number]>) =>
    setDraft({ ...draft, days: draft.days.map((one, i) => (i === n ? { ...one, ...change } : one)) });
  return (
    <Dialog title={title} closeLabel={shared("close")} onClose={onClose}>
      <form
        class="stack hours-editor"
        onSubmit={(event) => {
          event.preventDefault();
          void save();
        }}
      >
        <Select
          label={which ?? t("hours.which")}
          value={own ? "own" : "inherit"}
          choices={[
            { value: "inherit", label: without },
            { value: "own", label: t("hours.own") },
          ]}
          data-testid="hours-which"
          onChange={(event) => setOwn(event.currentTarget.value === "own")}
        />
        {own && (
          <>
            <Field
              label={t("hours.timezone")}
              hint={t("hours.timezone.hint")}
              value={draft.timezone}
              maxLength={64}
              required
              data-testid="hours-timezone"
              onInput={(event) => setDraft({ ...draft, timezone: event.currentTarget.value })}
            />
            <fieldset class="hours-days">
              <legend>{t("hours.week")}</legend>
              {WEEKDAYS.map((day) => (
                <div key={day} class="hours-day" data-testid={`hours-day-${day}`}>
                  <span>{dayName(day, locale, "long")}</span>
                  <Spans
                    spans={draft.week[day]}
                    of={dayName(day, locale, "long")}
                    onChange={(spans) => setDraft({ ...draft, week: { ...draft.week, [day]: spans } })}
                  />
                </div>
              ))}
            </fieldset>
            <fieldset class="hours-days">
              <legend>{t("hours.days")}</legend>
              {draft.days.map(({ day, spans }, n) => (
                <div key={n} class="hours-day">
                  <input
                    class="input"
                    required
                    pattern="(\d{4}-)?\d{2}-\d{2}"
                    placeholder="2026-12-25"
                    aria-label={t("hours.day")}
                    title={t("hours.day.hint")}
                    value={day}
                    data-testid="hours-holiday"
                    onInput={(event) => setDay(n, { day: event.currentTarget.value })}
                  />
                  <Spans spans={spans} of={day} onChange={(changed) => setDay(n, { spans: changed })} />
                  <IconButton
                    icon={X}
                    kind="quiet"
                    label={t("hours.day.remove", { day })}
                    onClick={() => setDraft({ ...draft, days: draft.days.filter((_, i) => i !== n) })}
                  />
                </div>
              ))}
              <p class="field-hint">{t("hours.day.hint")}</p>
              <Button
                icon={Plus}
                data-testid="hours-add-day"
                onClick={() => setDraft({ ...draft, days: [...draft.days, { day: "", spans: [] }] })}
              >
                {t("hours.day.add")}
              </Button>
              <PublicHolidays onFound={(closed) => setDraft({ ...draft, days: withClosed(draft.days, closed) })} />
            </fieldset>
          </>
        )}
        {preview && <Preview changed={differs ? JSON.stringify(wanted) : ""} ask={preview(wanted)} />}
        <Failure text={failed} />
        <div class="row row-end">
          <Button kind="quiet" onClick={onClose}>
            {shared("cancel")}
          </Button>
          <Button kind="primary" type="submit" busy={busy} data-testid="hours-save">
            {t("hours.save")}
          </Button>
        </div>
      </form>
    </Dialog>
  );
}

const regionHere = () => new Intl.Locale(navigator.language).region ?? "";

/** Adds the public holidays of a country as closed days. */
function PublicHolidays({ onFound }: { onFound: (closed: string[]) => void }) {
  const [place, setPlace] = useState(regionHere);
  const [said, setSaid] = useState("");
  const [busy, setBusy] = useState(false);
  const add = async () => {
    setBusy(true);
    setSaid("");
    try {
      const { days, installed } = await holidaysOf(place.trim());
      if (days.length > 0) onFound(days);
      else setSaid(t(installed ? "hours.country.unknown" : "hours.country.missing"));
    } catch (error) {
      setSaid(error instanceof ApiError && error.reason === "bad_request" ? t("hours.country.unknown") : sentence(error));
    }
    setBusy(false);
  };
  return (
    <div class="hours-country">
      <Field
        label={t("hours.country")}
        hint={t("hours.country.hint")}
        value={place}
        maxLength={12}
        error={said}
        data-testid="hours-country"
        onInput={(event) => setPlace(event.currentTarget.value)}
      />
      <Button busy={busy} disabled={place.trim() === ""} data-testid="hours-country-add" onClick={() => void add()}>
        {t("hours.country.add")}
      </Button>
    </div>
  );
}

/** Edits the opening hours of one day. A day without hours is closed. */
function Spans({ spans, of, onChange }: { spans: Span[]; of: string; onChange: (spans: Span[]) => void }) {
  const set = (n: number, change: Partial<Span>) => onChange(spans.map((one, i) => (i === n ? { ...one, ...change } : one)));
  return (
    <div class="hours-spans">
      {spans.length === 0 && <span class="dim">{t("hours.closed_day")}</span>}
      {spans.map(({ from, to }, n) => (
        <span key={n} class="hours-span">
          <input
            class="input"
            type="time"
            required
            aria-label={t("hours.from", { day: of })}
            value={from}
            onInput={(event) => set(n, { from: event.currentTarget.value })}
          />
          –
          <input
            class="input"
            type="time"
            required
            aria-label={t("hours.to", { day: of })}
            value={to}
            onInput={(event) => set(n, { to: event.currentTarget.value })}
          />
          <IconButton
            icon={X}
            kind="quiet"
            label={t("hours.span.remove", { day: of })}
            onClick={() => onChange(spans.filter((_, i) => i !== n))}
          />
        </span>
      ))}
      {spans.length < 8 && (
        <IconButton
          icon={Plus}
          kind="quiet"
          label={t("hours.span.add", { day: of })}
          onClick={() => onChange([...spans, OFFICE])}
        />
      )}
    </div>
  );
}

import { ArrowLeft, Trash2 } from "lucide";
import { useMemo, useState } from "preact/hooks";
import { attempt } from "../staff/attempt";
import { endText } from "../staff/refusals";
import { authorRole } from "../room/guests/words";
import { transcriptQuery } from "../room/transcript";
import { BriefCard } from "../staff/brief";
import { clock, dateTime } from "../staff/format";
import { timeText } from "../ui/when";
import { nameOf, roleName } from "../staff/names";
import type { Role } from "../messages";
import { may } from "../staff/rights";
import { t as shared } from "../staff/texts";
import { Button, Field, toast, useLocale, whenText } from "../ui";
import { RecordedBoard } from "../replay/board";
import { Confirm } from "../staff/confirm";
import { Replay } from "../replay/replay";
import { Loaded } from "./loaded";
import { modeSpans, type Span } from "./logic/modes";
import { erase, session as load, type PastSession } from "./records";
import { t } from "./texts";
import { Transcript } from "../replay/transcript";
import { Events, WhyList } from "./why";

function Spans({ spans }: { spans: Span[] }) {
  const locale = useLocale();
  return (
    <ol class="spans">
      {spans.map((span, i) => (
        <li key={i} class={`span span-${span.mode}`} style={{ flexGrow: Math.max(1, span.to - span.from) }}>
          <strong>{t(`mode.${span.mode}`)}</strong>
          <span class="num">
            {timeText(span.from, locale)} · {clock((span.to - span.from) / 1000)}
          </span>
        </li>
      ))}
    </ol>
  );
}

function EraseDialog({ id, onErased, onClose }: { id: string; onErased: () => void; onClose: () => void }) {
  const [typed, setTyped] = useState("");
  const word = t("one.erase.word");
  const run = () =>
    attempt(async () => {
      await erase(id);
      toast(t("one.erased"));
      onErased();
    });
  return (
    <Confirm
      title={t("one.erase.title")}
      yes={t("one.erase.yes")}
      disabled={typed.trim() !== word}
      testid="erase-confirm"
      onYes={run}
      onClose={onClose}
    >
      <p>{t("one.erase.text")}</p>
      <Field
        label={t("one.erase.type", { word })}
        value={typed}
        autoFocus
        autoComplete="off"
        data-testid="erase-word"
        onInput={(event) => setTyped(event.currentTarget.value)}
      />
    </Confirm>
  );
}

function After({ one }: { one: PastSession }) {
  return (
    <section class="card stack">
      <div>
        <h2>{t("one.rating")}</h2>
        {one.rated === null ? (
          <p class="dim">{t("one.rating.none")}</p>
        ) : (
          <p>
            <strong class="num">{one.rated.score} / 5</strong> <span dir="auto">{one.rated.words}</span>
          </p>
        )}
      </div>
      <div>
        <h2>{t("one.wrap")}</h2>
        {one.wrap_up === null ? (
          <p class="dim">{t("one.wrap.none")}</p>
        ) : (
          <>
            <p>
              {[one.outcome_name, ...one.tags].filter(Boolean).map((name) => (
                <span key={name} class="pill">
                  {name}
                </span>
              ))}{" "}
              <span class="dim">{one.wrap_up.staff}</span>
            </p>
            <p class="said-text" dir="auto">
              {one.wrap_up.notes}
            </p>
          </>
        )}
      </div>
    </section>
  );
}

/** Links that download the conversation as a file. One file also has the lines for staff only; the other has only the lines that
 *  the visitor can read. */
function Save({ session }: { session: string }) {
  useLocale();
  const path = (audience: string) =>
    `/api/operator/sessions/${encodeURIComponent(session)}/transcript?${transcriptQuery({ audience })}`;
  return (
    <p class="row">
      <a class="button button-plain" href={path("all")} download data-testid="save-for-visitor">
        {t("one.save.all")}
      </a>
      <a class="button button-plain" href={path("staff")} download data-testid="save-for-staff">
        {t("one.save.staff")}
      </a>
    </p>
  );
}

function Times({ one }: { one: PastSession }) {
  const locale = useLocale();
  const times = [
    ["one.started", one.started_at],
    ["one.active", one.active_at],
    ["one.ended", one.ended_at],
  ] as const;
  return (
    <p class="row dim">
      {times.map(([key, at]) => at !== null && at > 0 && <span key={key}>{`${t(key)} ${dateTime(at, locale)}`}</span>)}
      {one.end_reason !== "" && <span>{endText(one.end_reason)}</span>}
    </p>
  );
}

interface Somebody {
  name: string;
  role: Role;
}

/** Returns what a person was in the session, such as a counselor. For a guest who wrote, returns the kind of guest. */
function whatOf({ name, role }: Somebody, { lines }: PastSession): string {
  const said = lines.find((line) => line.role === role && line.name === name);
  return said ? authorRole(said, roleName(role)) : roleName(role);
}

/** Returns everybody who took part in the session: first the people who wrote, then the user and staff who wrote nothing. */
function everybody(one: PastSession): Somebody[] {
  const silent: Somebody[] = [
    { name: one.user_name, role: "user" },
    { name: one.counselor, role: "counselor" },
    { name: one.professional, role: "professional" },
  ];
  const wrote = (role: Role, name: string) =>
    one.participants.some((person) => person.role === role && (role === "user" || person.name === name));
  return [...one.participants, ...silent.filter(({ name, role }) => (name !== "" || role === "user") && !wrote(role, name))];
}

/** The board as it was at the end. `board`: one Yjs update, in base64. */
function FinalBoard({ board }: { board: string }) {
  const steps = useMemo(() => [{ at: 0, update: board }], [board]);
  return <RecordedBoard steps={steps} />;
}

function Whole({ one, onErase }: { one: PastSession; onErase: () => void }) {
  const locale = useLocale();
  return (
    <>
      <header class="one-head">
        <div>
          <h1>
            {one.user_name || shared("visitor")} <span class="pill">{shared(`session.${one.state}`)}</span>
          </h1>
          <Times one={one} />
          <p class="dim">{t("one.audited")}</p>
        </div>
        {may("past.erase") && (
          <Button icon={Trash2} onClick={onErase} data-testid="erase">
            {t("one.erase")}
          </Button>
        )}
      </header>
      {one.active_at !== null && <Spans spans={modeSpans(one.lines, one.active_at, one.ended_at ?? Date.now())} />}
      {one.recorded && (
        <section class="card stack">
          <Replay session={one.id} />
        </section>
      )}
      <div class="one">
        <div class="card">
          <BriefCard brief={one.brief} site={one.site_name} category={one.category_name} language={one.language} />
        </div>
        <section class="card one-said">
          <h2>{t("one.transcript")}</h2>
          <Transcript lines={one.lines} cut={one.lines_cut} />
          <Save session={one.id} />
        </section>
        <div class="stack">
          <section class="card stack">
            <h2>{t("one.board")}</h2>
            {one.board === "" ? <p class="dim">{t("one.board.none")}</p> : <FinalBoard board={one.board} />}
          </section>
          <section class="card stack">
            <h2>{t("one.people")}</h2>
            <ul>
              {everybody(one).map((person) => (
                <li key={person.role + person.name}>
                  {nameOf(person)} <span class="dim">{whatOf(person, one)}</span>
                </li>
              ))}
            </ul>
          </section>
          {one.callback !== null && (
            <section class="card stack" data-testid="one-callback">
              <h2>{t("one.callback")}</h2>
              <p>
                {whenText(one.callback.due_at, Date.now(), locale)} <span class="dim">{one.callback.contact}</span>
              </p>
              {one.callback.note && <p dir="auto">{one.callback.note}</p>}
            </section>
          )}
          <After one={one} />
          <section class="card stack">
            <h2>{t("one.why")}</h2>
            <WhyList events={one.events} />
            <Events events={one.events} />
          </section>
        </div>
      </div>
    </>
  );
}

/** Shows everything about one session. The server writes to the audit log that the operator has read it. */
export function OneSession({ id, onBack }: { id: string; onBack: () => void }) {
  const [erasing, setErasing] = useState(false);
  return (
    <div class="past" data-testid="past-session">
      <Button kind="quiet" icon={ArrowLeft} class="one-back" onClick={onBack} data-testid="past-back">
        {t("one.back")}
      </Button>
      <Loaded key={id} what={id} load={() => load(id)}>
        {(one) => <Whole one={one} onErase={() => setErasing(true)} />}
      </Loaded>
      {erasing && <EraseDialog id={id} onErased={onBack} onClose={() => setErasing(false)} />}
    </div>
  );
}

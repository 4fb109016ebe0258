import { useEffect, useState } from "preact/hooks";
import { ApiError } from "../../staff/api";
import { clock } from "../../staff/format";
import { useLocale } from "../../ui";
import { rowsOf, type Ask, type PreviewAnswer, type Row } from "./api";
import "./preview.css";
import { t } from "./texts";

const TYPING_MS = 500;

type State =
  | { now: "loading"; last: PreviewAnswer | null }
  | { now: "shown"; answer: PreviewAnswer }
  | { now: "invalid" }
  | { now: "failed" };

interface PreviewProps {
  /** The changed settings as a text; "" while no change affects how long visitors wait. */
  changed: string;
  ask: Ask;
}

/** Shows how a change would affect how long people wait on a typical day, before the change is saved. Asks the server again
 *  whenever the text `changed` changes. */
export function Preview({ changed, ask }: PreviewProps) {
  useLocale();
  const [state, setState] = useState<State>({ now: "loading", last: null });
  useEffect(() => {
    if (changed === "") return;
    const leaving = new AbortController();
    setState((was) => ({ now: "loading", last: was.now === "shown" ? was.answer : was.now === "loading" ? was.last : null }));
    const timer = setTimeout(() => {
      ask(leaving.signal).then(
        (answer) => leaving.signal.aborted || setState({ now: "shown", answer }),
        (error: unknown) => {
          if (leaving.signal.aborted) return;
          const typed = error instanceof ApiError && (error.status === 400 || error.status === 422);
          setState({ now: typed ? "invalid" : "failed" });
        },
      );
    }, TYPING_MS);
    return () => {
      clearTimeout(timer);
      leaving.abort();
    };
  }, [changed]);
  if (changed === "") return null;
  const answer = state.now === "shown" ? state.answer : state.now === "loading" ? state.last : null;
  return (
    <section class="card stack preview" aria-label={t("title")} aria-busy={state.now === "loading"} data-testid="preview">
      <h3>{t("title")}</h3>
      {state.now === "loading" && answer === null && (
        <div class="skeleton preview-skeleton" role="status" aria-label={t("loading")} />
      )}
      {(state.now === "invalid" || state.now === "failed") && (
        <p class="dim" role="status">
          {t(state.now)}
        </p>
      )}
      {answer !== null && <Answer answer={answer} stale={state.now === "loading"} />}
    </section>
  );
}

function Answer({
  answer: { kind, found, arrivals, days, sure, assumes_hours },
  stale,
}: {
  answer: PreviewAnswer;
  stale: boolean;
}) {
  if (found === null || sure === "few")
    return (
      <p role="status" data-testid="preview-few">
        {t(kind === "help" ? "help.few" : "few", { arrivals })}
      </p>
    );
  const words = { percent: (value: string) => t("percent", { value }), none: t("none") };
  const rows = rowsOf(found.before, found.after, words);
  const p50 = found.really.p50_s === null ? t("none") : clock(Math.round(found.really.p50_s));
  return (
    <div class={stale ? "stack preview-stale" : "stack"} role="status">
      <Figures rows={rows} kind={kind} />
      {rows.every((row) => !row.differs) && <p>{t("same")}</p>}
      <p class="field-hint">
        {t(kind === "help" ? "help.rests" : "rests", { arrivals, days })} {t(`sure.${sure}`)}{" "}
        {t(assumes_hours ? "assumes" : "staff")}
      </p>
      <p class="field-hint">
        {t(kind === "help" ? "help.really" : "really", {
          p50,
          given_up: words.percent(String(Math.round(found.really.given_up_percent))),
        })}
      </p>
    </div>
  );
}

function Figures({ rows, kind }: { rows: Row[]; kind: PreviewAnswer["kind"] }) {
  const titleOf = (name: Row["name"]) =>
    kind === "help" && (name === "came" || name === "given_up") ? t(`help.${name}`) : t(name);
  return (
    <table class="preview-table">
      <thead>
        <tr>
          <th scope="col">{t("figure")}</th>
          <th scope="col" class="num">
            {t("before")}
          </th>
          <th scope="col" class="num">
            {t("after")}
          </th>
        </tr>
      </thead>
      <tbody>
        {rows.map((row) => (
          <tr key={row.name} data-testid={`preview-${row.name}`}>
            <th scope="row">{titleOf(row.name)}</th>
            <td class="num">{row.before}</td>
            <td class="num">{row.differs ? <strong>{row.after}</strong> : row.after}</td>
          </tr>
        ))}
      </tbody>
    </table>
  );
}

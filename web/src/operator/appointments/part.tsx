import type { AppointmentItem } from "../../messages";
import { useState } from "preact/hooks";
import { languageName } from "../../staff/format";
import { ApiError } from "../../staff/api";
import { sentence } from "../../staff/refusals";
import { t as shared } from "../../staff/texts";
import { Button, toast, useLocale, whenText, type Locale } from "../../ui";
import { Confirm } from "../../staff/confirm";
import { Loaded } from "../loaded";
import { Table, type TableColumn } from "../table";
import { appointments, cancel } from "./api";
import { Move } from "./move";
import { t } from "./texts";
import { Touched } from "./touched";

const columns = (locale: Locale): TableColumn<AppointmentItem>[] => [
  { id: "at", title: t("col.at"), value: (row) => row.at, text: (row) => whenText(row.at, Date.now(), locale) },
  {
    id: "state",
    title: t("col.state"),
    value: (row) => (row.trouble === "" ? (row.due ? t("due") : "") : t(`trouble.${row.trouble}`)),
    cell: (row) =>
      row.trouble !== "" ? (
        <span class="pill pill-danger">{t(`trouble.${row.trouble}`)}</span>
      ) : row.due ? (
        <span class="pill pill-warn">{t("due")}</span>
      ) : null,
  },
  { id: "user", title: t("col.user"), value: (row) => row.name || shared("visitor") },
  { id: "with", title: t("col.with"), value: (row) => row.staff_name || t("anyone") },
  { id: "channel", title: t("col.channel"), value: (row) => shared(`channel.${row.channel}`) },
  { id: "category", title: t("col.category"), value: (row) => row.category },
  { id: "language", title: t("col.language"), value: (row) => row.language, text: (row) => languageName(row.language, locale) },
  { id: "site", title: t("col.site"), value: (row) => row.site },
];

/** Lists all callbacks and appointments that nobody has accepted yet. Operators can move and cancel them here. */
export function AppointmentsPart() {
  const locale = useLocale();
  const [round, setRound] = useState(0);
  const [asked, setAsked] = useState<{ what: "move" | "cancel"; row: AppointmentItem } | null>(null);
  const done = () => {
    toast(t("done"));
    setRound(round + 1);
  };
  const moved = () => {
    toast(t("moved"), "error");
    setRound(round + 1); // fetches the list again, to show the new time
  };
  const cancelled = async (row: AppointmentItem) => {
    try {
      await cancel(row);
    } catch (error) {
      const meanwhile = error instanceof ApiError && error.reason === "changed_meanwhile";
      if (meanwhile) moved();
      else toast(sentence(error), "error");
      return meanwhile;
    }
    done();
    return true;
  };
  return (
    <div class="past" data-testid="appointments">
      <p class="dim">{t("lead")}</p>
      <Loaded key={`${round} ${locale}`} what="appointments" load={appointments}>
        {(rows) => (
          <>
            <Touched items={rows.filter((row) => row.trouble !== "")} />
            {rows.length === 0 ? (
              <p class="notice">{t("none")}</p>
            ) : (
              <Table
                title={t("title")}
                name="appointments"
                rows={rows}
                columns={columns(locale)}
                id={(row) => row.session}
                actions={(row) => (
                  <div class="row">
                    <a href={`#past/${encodeURIComponent(row.session)}`}>{t("open")}</a>
                    <Button onClick={() => setAsked({ what: "move", row })} data-testid="appointment-move">
                      {t("move")}
                    </Button>
                    <Button kind="quiet" onClick={() => setAsked({ what: "cancel", row })} data-testid="appointment-cancel">
                      {t("cancel")}
                    </Button>
                  </div>
                )}
              />
            )}
          </>
        )}
      </Loaded>
      {asked?.what === "move" && <Move row={asked.row} onDone={done} onMoved={moved} onClose={() => setAsked(null)} />}
      {asked?.what === "cancel" && (
        <Confirm
          title={t("cancel.title", { when: whenText(asked.row.at, Date.now(), locale) })}
          yes={t("cancel.yes")}
          no={t("cancel.keep")}
          testid="appointment-cancel-confirm"
          onYes={() => cancelled(asked.row)}
          onClose={() => setAsked(null)}
        >
          <p>{t(asked.row.by_mail ? "told.mail" : "told.not")}</p>
        </Confirm>
      )}
    </div>
  );
}

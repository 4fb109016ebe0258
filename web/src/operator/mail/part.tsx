import { useState } from "preact/hooks";
import { ApiError } from "../../staff/api";
import { dateTime } from "../../staff/format";
import { sentence } from "../../staff/refusals";
import { Button, Failure, Field, type Locale, Select, TextArea, toast, useLocale } from "../../ui";
import { Loaded, Pager } from "../loaded";
import { pages } from "../records";
import { Table, type TableColumn } from "../table";
import { outbox, plans, retry, savePlan, type MailItem, type Plan, type SiteMail } from "./api";
import { LanguageSenders, SenderFields } from "./senders";
import { t, textOr } from "./texts";
import { WordingEditor } from "./wording";
import "../settings/settings.css";

const STATES = ["", "queued", "sent", "refused"] as const;
const whyText = (why: string) => textOr(`why.${why}`, why);

const columns = (locale: Locale): TableColumn<MailItem>[] => [
  { id: "at", title: t("col.at"), value: (row) => row.created_at, text: (row) => dateTime(row.created_at, locale) },
  { id: "kind", title: t("col.kind"), value: (row) => textOr(`kind.${row.kind}`, row.kind) },
  { id: "to", title: t("col.to"), value: (row) => row.to },
  { id: "state", title: t("col.state"), value: (row) => t(`state.${row.state}`), cell: (row) => <State item={row} /> },
  { id: "why", title: t("col.why"), value: (row) => whyText(row.why) },
  { id: "tries", title: t("col.tries"), value: (row) => row.tries, figure: true },
  {
    id: "next",
    title: t("col.next"),
    value: (row) => row.sent_at ?? row.next_at,
    text: (row) => (row.state === "refused" ? "" : dateTime(row.sent_at ?? row.next_at, locale)),
  },
  {
    id: "session",
    title: t("col.session"),
    value: (row) => row.session ?? "",
    cell: (row) => (row.session === null ? "" : <a href={`#past/${encodeURIComponent(row.session)}`}>{t("open")}</a>),
  },
];

const PILLS = { queued: "pill", sent: "pill pill-ok", refused: "pill pill-danger" } as const;

function State({ item }: { item: MailItem }) {
  return <span class={PILLS[item.state]}>{t(`state.${item.state}`)}</span>;
}

/** The part of the operators' page about mail: the outbox, and the sender and wording of each site's mails. */
export function MailPart() {
  const locale = useLocale();
  const [state, setState] = useState<(typeof STATES)[number]>("");
  const [page, setPage] = useState(1);
  const [round, setRound] = useState(0);
  const again = async (id: string) => {
    try {
      await retry(id);
      toast(t("retried"));
      setRound(round + 1);
    } catch (error) {
      toast(sentence(error), "error");
    }
  };
  return (
    <div class="past">
      <p class="dim">{t("lead")}</p>
      <nav class="segments" aria-label={t("col.state")}>
        {STATES.map((one) => (
          <button
            key={one}
            type="button"
            aria-pressed={state === one}
            onClick={() => {
              setState(one);
              setPage(1);
            }}
          >
            {one === "" ? t("all") : t(`state.${one}`)}
          </button>
        ))}
      </nav>
      <Loaded key={`${state} ${page} ${round} ${locale}`} what="mails" load={() => outbox(state, page)}>
        {(found) => (
          <>
            {!found.enabled && <p class="notice notice-warn">{t("off")}</p>}
            {found.trouble !== "" && (
              <p class="notice notice-danger" role="alert">
                {t("trouble", { why: whyText(found.trouble) })}
              </p>
            )}
            <Table
              title={t("outbox")}
              name="mails"
              rows={found.items}
              columns={columns(locale)}
              id={(row) => row.id}
              actions={(row) =>
                row.state === "refused" && (
                  <Button kind="quiet" onClick={() => void again(row.id)} data-testid="mail-retry">
                    {t("retry")}
                  </Button>
                )
              }
              data-testid="mails"
            />
            <Pager page={page} pages={pages(found)} onPage={setPage} />
          </>
        )}
      </Loaded>
      <Loaded key={`plans ${locale}`} what="mail plans" load={plans}>
        {(sites) => sites.map((site) => <PlanCard key={site.id} site={site} />)}
      </Loaded>
    </div>
  );
}

const lines = (text: string) =>
  text
    .split("\n")
    .map((one) => one.trim())
    .filter((one) => one !== "");

function PlanCard({ site }: { site: SiteMail }) {
  const [plan, setPlan] = useState<Plan>(site.plan);
  const [former, setFormer] = useState<Plan>(site.plan);
  const [wording, setWording] = useState(false);
  const [alerts, setAlerts] = useState(site.plan.alerts.join("\n"));
  const [busy, setBusy] = useState(false);
  const [failed, setFailed] = useState("");
  const allowed = site.allowed_from.join(", ");
  const withFrom = allowed !== "" || [former, ...Object.values(former.senders)].some((one) => one.from_address !== "");
  const change = (part: Partial<Plan>) => setPlan({ ...plan, ...part });
  const save = async (event: Event) => {
    event.preventDefault();
    setBusy(true);
    setFailed("");
    try {
      const saved = { ...plan, alerts: lines(alerts) };
      await savePlan(site.id, saved, former);
      setFormer(saved);
      toast(t("plan.saved"));
    } catch (error) {
      const refused = error instanceof ApiError && Object.keys(error.fields).some((one) => one.endsWith("from_address"));
      setFailed(refused ? t("plan.from.bad", { allowed }) : sentence(error));
    }
    setBusy(false);
  };
  return (
    <section class="card stack" data-testid={`mail-of-${site.id}`}>
      <h2>{site.name}</h2>
      <form class="stack" onSubmit={(event) => void save(event)}>
        <SenderFields
          id={site.id}
          value={plan}
          standard={{ sender: site.name, from_address: site.own_from, reply_to: "" }}
          hints={{
            sender: t("plan.sender.hint"),
            from_address: t("plan.from.hint", { own: site.own_from, allowed }),
            reply_to: t("plan.reply_to.hint"),
          }}
          withFrom={withFrom}
          onChange={change}
        />
        <Select
          label={t("plan.content")}
          value={plan.content}
          choices={(["off", "on"] as const).map((value) => ({ value, label: t(`plan.content.${value}`) }))}
          onChange={(event) => change({ content: event.currentTarget.value === "on" ? "on" : "off" })}
        />
        <TextArea
          label={t("plan.alerts")}
          hint={t("plan.alerts.hint")}
          rows={2}
          value={alerts}
          onInput={(event) => setAlerts(event.currentTarget.value)}
        />
        <Field
          label={t("plan.alert_after_s")}
          type="number"
          min={30}
          step={10}
          value={String(plan.alert_after_s)}
          onInput={(event) => change({ alert_after_s: Number(event.currentTarget.value) })}
        />
        {site.languages.length > 1 && (
          <details
            class="settings-form"
            data-testid={`senders-open-of-${site.id}`}
            onInvalidCapture={(event) => (event.currentTarget.open = true)}
          >
            <summary>{t("senders")}</summary>
            <LanguageSenders site={site} plan={plan} withFrom={withFrom} onChange={(senders) => change({ senders })} />
          </details>
        )}
        <details
          class="settings-form"
          onToggle={(event) => setWording(event.currentTarget.open)}
          data-testid={`wording-of-${site.id}`}
        >
          <summary>{t("wording")}</summary>
          {wording && (
            <WordingEditor site={site.id} languages={site.languages} texts={plan.texts} onChange={(texts) => change({ texts })} />
          )}
        </details>
        <Failure text={failed} />
        <div class="row row-end">
          <Button kind="primary" type="submit" busy={busy} data-testid="mail-plan-save">
            {t("plan.save")}
          </Button>
        </div>
      </form>
    </section>
  );
}

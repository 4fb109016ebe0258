import { Plus, RefreshCw } from "lucide";
import { useState } from "preact/hooks";
import { attempt } from "../../staff/attempt";
import { dateTime } from "../../staff/format";
import { Button, IconButton, toast, useLocale } from "../../ui";
import { Confirm } from "../../staff/confirm";
import { Loaded } from "../loaded";
import { siteNames } from "./api";
import { Once } from "./once";
import { t, textOr } from "./texts";
import {
  addWebhook,
  changeWebhook,
  deliveries,
  removeWebhook,
  rotateWebhook,
  sendAgain,
  testWebhook,
  webhooks,
  type Delivery,
  type Webhook,
} from "./webhook-api";
import { WebhookForm } from "./webhook-form";

const PILLS = { on: "pill pill-ok", off: "pill", failed: "pill pill-danger" } as const;
const STATES = { queued: "pill", sent: "pill pill-ok", failed: "pill pill-danger" } as const;

/** The list of the organisation's webhooks, with their last deliveries. */
export function Webhooks() {
  const locale = useLocale();
  const [round, setRound] = useState(0);
  const [adding, setAdding] = useState(false);
  const [made, setMade] = useState({ id: "", secret: "" });
  const changed = () => setRound(round + 1);
  return (
    <section class="stack" data-testid="webhooks">
      <div class="row">
        <h1>{t("area.webhooks")}</h1>
        <Button icon={Plus} onClick={() => setAdding(true)} data-testid="webhook-add">
          {t("hook.add")}
        </Button>
      </div>
      <p class="dim">{t("hook.lead")}</p>
      <Loaded key={`${round} ${locale}`} what="webhooks" load={() => Promise.all([webhooks(), siteNames()])}>
        {([{ items, events }, sites]) => (
          <>
            {items.length === 0 && <p class="dim">{t("hook.none")}</p>}
            {items.map((hook) => (
              <Card
                key={hook.id}
                hook={hook}
                events={events}
                siteNames={hook.sites?.map((id) => sites.find((site) => site.id === id)?.name ?? id) ?? [t("field.sites.all")]}
                secret={made.id === hook.id ? made.secret : ""}
                onSecret={setMade}
                onChanged={changed}
              />
            ))}
            {adding && (
              <WebhookForm
                first={{ url: "", events, sites: null }}
                events={events}
                title={t("hook.add")}
                onSave={async (fields) => {
                  setMade(await addWebhook(fields));
                  changed();
                }}
                onClose={() => setAdding(false)}
              />
            )}
          </>
        )}
      </Loaded>
    </section>
  );
}

interface CardProps {
  hook: Webhook;
  events: string[];
  /** Names of the sites whose events the webhook gets. */
  siteNames: string[];
  /** The webhook's new secret, which is shown only now; "" if there is none to show. */
  secret: string;
  onSecret: (made: { id: string; secret: string }) => void;
  onChanged: () => void;
}

function Card({ hook, events, siteNames: named, secret, onSecret, onChanged }: CardProps) {
  const locale = useLocale();
  const [asking, setAsking] = useState<"" | "edit" | "rotate" | "remove">("");
  const [round, setRound] = useState(0);
  const close = () => setAsking("");
  const run = (work: () => Promise<unknown>, said: string) =>
    attempt(async () => {
      await work();
      toast(said);
    });
  const renewed = async (work: () => Promise<unknown>) => {
    const well = await run(work, t("saved"));
    if (well) onChanged();
    return well;
  };
  return (
    <section class="card stack" data-testid="webhook">
      <div class="row">
        <code class="webhook-url">{hook.url}</code>
        <span class={PILLS[hook.state]}>{t(`hook.${hook.state}`)}</span>
        {hook.waiting > 0 && <span class="pill num">{t("hook.waiting", { n: hook.waiting })}</span>}
      </div>
      <p class="dim">{hook.events.join(", ")}</p>
      <p class="dim">
        {t("field.sites")}: {named.join(", ")}
      </p>
      {hook.why !== "" && <p class="notice notice-warn">{t("hook.trouble", { why: textOr(`why.${hook.why}`, hook.why) })}</p>}
      {hook.crowded && <p class="notice notice-danger">{t("hook.crowded")}</p>}
      {hook.both_until > 0 && <p class="dim">{t("hook.both", { when: dateTime(hook.both_until, locale) })}</p>}
      {secret !== "" && <Once label={t("hook.secret")} text={secret} hint={t("hook.secret.hint")} />}
      <div class="row">
        <Button
          disabled={hook.state !== "on"}
          data-testid="webhook-test"
          onClick={() => void run(() => testWebhook(hook.id), t("hook.tested")).then(() => setRound(round + 1))}
        >
          {t("hook.test")}
        </Button>
        <Button kind="quiet" onClick={() => setAsking("edit")}>
          {t("hook.edit")}
        </Button>
        <Button kind="quiet" onClick={() => setAsking("rotate")} data-testid="webhook-rotate">
          {t("hook.rotate")}
        </Button>
        <Button
          kind="quiet"
          data-testid="webhook-switch"
          onClick={() => void renewed(() => changeWebhook(hook.id, hook, hook.state !== "on"))}
        >
          {t(hook.state === "on" ? "hook.switch_off" : "hook.switch_on")}
        </Button>
        <Button kind="quiet" onClick={() => setAsking("remove")}>
          {t("hook.remove")}
        </Button>
      </div>
      <div class="row">
        <h2>{t("hook.last")}</h2>
        <IconButton
          icon={RefreshCw}
          kind="quiet"
          label={t("hook.refresh")}
          data-testid="webhook-refresh"
          onClick={() => setRound(round + 1)}
        />
      </div>
      <Loaded key={`${round} ${locale}`} what="webhook events" load={() => deliveries(hook.id)}>
        {(found) => (
          <Last
            found={found}
            mayResend={hook.state === "on"}
            onAgain={(n) => void run(() => sendAgain(hook.id, n), t("hook.sent_again")).then(() => setRound(round + 1))}
          />
        )}
      </Loaded>
      {asking === "edit" && (
        <WebhookForm
          first={hook}
          events={events}
          title={t("hook.edit")}
          onSave={async ({ url, events: chosen, sites }) => {
            await changeWebhook(hook.id, { url, events: chosen, sites }, hook.state === "on");
            onChanged();
          }}
          onClose={close}
        />
      )}
      {asking === "rotate" && (
        <Confirm
          title={t("hook.rotate.title")}
          yes={t("hook.rotate")}
          kind="primary"
          testid="webhook-rotate-confirm"
          onYes={() => renewed(async () => onSecret(await rotateWebhook(hook.id)))}
          onClose={close}
        >
          <p>{t("hook.rotate.text")}</p>
        </Confirm>
      )}
      {asking === "remove" && (
        <Confirm
          title={t("hook.remove.title")}
          yes={t("hook.remove")}
          onYes={() => renewed(() => removeWebhook(hook.id))}
          onClose={close}
        >
          <p>{t("hook.remove.text")}</p>
        </Confirm>
      )}
    </section>
  );
}

interface LastProps {
  found: Delivery[];
  mayResend: boolean;
  onAgain: (n: number) => void;
}

/** The last events of a webhook, each with the result of its last delivery attempt. */
function Last({ found, mayResend, onAgain }: LastProps) {
  const locale = useLocale();
  if (found.length === 0) return <p class="dim">{t("hook.last.none")}</p>;
  return (
    <ul class="settings-list webhook-events" data-testid="webhook-events">
      {found.map((one) => {
        const last = one.attempts.at(-1);
        return (
          <li key={one.n}>
            <code>{one.type}</code>
            <span class="dim num">{dateTime(last?.at ?? one.at, locale)}</span>
            <span>
              <span class={STATES[one.state]}>{t(`state.${one.state}`)}</span>{" "}
              {last !== undefined && (
                <span class="num">
                  {last.why === "" ? last.status : textOr(`why.${last.why}`, last.why)} · {last.took_ms} ms
                </span>
              )}
            </span>
            {one.state === "queued" || !mayResend ? (
              <span />
            ) : (
              <Button kind="quiet" onClick={() => onAgain(one.n)} data-testid="webhook-again">
                {t("hook.again")}
              </Button>
            )}
            {last !== undefined && last.answer !== "" && <pre class="dim webhook-answer">{last.answer}</pre>}
          </li>
        );
      })}
    </ul>
  );
}

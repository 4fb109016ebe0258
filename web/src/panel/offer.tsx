/** Before a session: who will help, what will be shared, and three buttons. */

import { Hourglass, Image, ListTree, Mail, MapPin, MessageSquareText, Mic, Package, ShieldCheck, Video, X } from "lucide";
import type { IconNode } from "lucide";
import type { ComponentChildren } from "preact";
import { useEffect, useState } from "preact/hooks";
import type { Channel } from "../messages";
import { Button, Icon, IconButton, TextArea, Field } from "../ui";
import type { PanelInfo } from "./api";
import type { Panel, PanelState } from "./panel";
import type { Step } from "../widget/trail";
import { type ItemKey, itemsOf, trailOf, type Visit } from "./visit";
import { closedText, dwellText, isClosed, type Key, rangeText, refusalText, t } from "./words";

const CHANNELS: { channel: Channel; icon: IconNode }[] = [
  { channel: "text", icon: MessageSquareText },
  { channel: "voice", icon: Mic },
  { channel: "video", icon: Video },
];

function Who({ info }: { info: PanelInfo }) {
  const range = rangeText(info.low_s, info.high_s);
  const closed = isClosed(info.opening);
  const wait = range ? t("wait.about", { range }) : t("wait.now");
  return (
    <section class="p-who">
      <h1>{t("who", { category: info.category.name })}</h1>
      <p class="p-who-facts">
        <span class="pill">{t(info.language === "ko" ? "language.ko" : "language.en")}</span>
        {info.staffed && !closed && (
          <span class="pill pill-ok" data-testid="panel-wait">
            {wait}
          </span>
        )}
      </p>
      {closed && (
        <p class="notice notice-warn" data-testid="panel-closed">
          {closedText(info.opening)} {t("closed.offer")}
        </p>
      )}
      {!closed && !info.staffed && (
        <p class="notice notice-warn" data-testid="panel-wait">
          {t("wait.none")}
        </p>
      )}
    </section>
  );
}

interface RowProps {
  icon: IconNode;
  label: string;
  from: string;
  children: ComponentChildren;
  onRemove?: () => void;
}

function Row({ icon, label, from, children, onRemove }: RowProps) {
  return (
    <li class="p-shared-item" data-testid="panel-shared-item">
      <Icon node={icon} />
      <div class="p-shared-what">
        <p class="p-shared-label">
          {label} <span class="p-shared-from">{from}</span>
        </p>
        {children}
      </div>
      {onRemove && (
        <IconButton
          icon={X}
          label={t("shared.remove", { what: label })}
          kind="quiet"
          data-testid="panel-remove-item"
          onClick={onRemove}
        />
      )}
    </li>
  );
}

function Picture({ picture }: { picture: Blob }) {
  const [url, setUrl] = useState("");
  useEffect(() => {
    const made = URL.createObjectURL(picture);
    setUrl(made);
    return () => URL.revokeObjectURL(made);
  }, [picture]);
  return url ? <img class="p-shared-picture" src={url} alt="" /> : null;
}

function Trail({ steps }: { steps: Step[] }) {
  return (
    <details class="p-trail">
      <summary>{t("shared.trail.steps", { count: steps.length })}</summary>
      <ol>
        {steps.map((step) => (
          <li key={step.at} class={`p-trail-${step.kind}`}>
            <bdi>{step.label || step.url}</bdi> <span class="p-shared-from">{dwellText(step.dwell_s)}</span>
          </li>
        ))}
      </ol>
    </details>
  );
}

const path = (url: string): string => (URL.canParse(url) ? new URL(url).host + new URL(url).pathname : url);

const ROWS: Record<
  ItemKey,
  { icon: IconNode; label: Key; what: (visit: Visit, removed: ReadonlySet<ItemKey>) => ComponentChildren }
> = {
  page: {
    icon: MapPin,
    label: "shared.page",
    what: ({ page }) => (
      <>
        <p dir="auto">{page.title}</p>
        <p class="p-shared-url">{path(page.url)}</p>
      </>
    ),
  },
  product: {
    icon: Package,
    label: "shared.product",
    what: ({ product }) => <p dir="auto">{[product?.name, product?.price].filter(Boolean).join(" · ")}</p>,
  },
  picture: { icon: Image, label: "shared.picture", what: ({ picture }) => picture && <Picture picture={picture} /> },
  trail: { icon: ListTree, label: "shared.trail", what: (visit, removed) => <Trail steps={trailOf(visit, removed)} /> },
};

function Shared({ panel, state, info }: { panel: Panel; state: PanelState; info: PanelInfo }) {
  const { visit, removed, partner } = state;
  const items = visit ? itemsOf(visit, removed) : [];
  return (
    <section class="p-shared">
      <h2>{t("shared.title")}</h2>
      <p class="p-shared-who">
        {t("shared.who", { site: info.site.name, days: info.retention_days })}{" "}
        {/^https?:/.test(info.site.privacy_url) && (
          <a href={info.site.privacy_url} target="_blank" rel="noopener noreferrer" data-testid="panel-privacy">
            {t("privacy")}
          </a>
        )}
      </p>
      {info.may_listen && (
        <p class="p-shared-who" data-testid="panel-may-listen">
          {t("shared.listening", { site: info.site.name })}
        </p>
      )}
      <ul>
        {partner && (
          <Row icon={ShieldCheck} label={t("shared.signed")} from={t("from.signed", { site: info.site.name })}>
            <p>{t("shared.signed.what", { site: info.site.name })}</p>
          </Row>
        )}
        {visit &&
          items.map((key) => (
            <Row
              key={key}
              icon={ROWS[key].icon}
              label={t(ROWS[key].label)}
              from={t("from.claimed")}
              onRemove={() => panel.remove(key)}
            >
              {ROWS[key].what(visit, removed)}
            </Row>
          ))}
      </ul>
      {items.length === 0 && !partner && <p>{t("shared.none")}</p>}
    </section>
  );
}

export function Offer({ panel, state, info }: { panel: Panel; state: PanelState; info: PanelInfo }) {
  return (
    <>
      <div class="p-scroll p-offer">
        <Who info={info} />
        <Shared panel={panel} state={state} info={info} />
        <TextArea
          label={t("note.label")}
          placeholder={t("note.placeholder")}
          maxLength={500}
          rows={2}
          value={state.typed.note}
          data-testid="panel-note"
          onInput={(event) => panel.type({ note: event.currentTarget.value })}
        />
        {!state.partner && (
          <Field
            label={t("name.label")}
            placeholder={t("name.placeholder")}
            maxLength={60}
            autoComplete="given-name"
            value={state.typed.name}
            data-testid="panel-name"
            onInput={(event) => panel.type({ name: event.currentTarget.value })}
          />
        )}
      </div>
      <footer class="p-begin">
        {state.refusal && (
          <p class="notice notice-danger" role="alert" data-testid="panel-refusal">
            {refusalText(state.refusal)}
          </p>
        )}
        {state.retryAt > 0 ? (
          <Crowded panel={panel} retryAt={state.retryAt} />
        ) : isClosed(info.opening) ? (
          <Button
            kind="primary"
            wide
            icon={Mail}
            busy={state.starting !== null}
            data-testid="panel-closed-message"
            onClick={() => void panel.begin("text")}
          >
            {t(info.opening.callbacks ? "closed.either" : "closed.message")}
          </Button>
        ) : (
          <Channels panel={panel} state={state} info={info} />
        )}
      </footer>
    </>
  );
}

/** Shown when the server is crowded: the visitor can wait for the next try, or cancel. */
function Crowded({ panel, retryAt }: { panel: Panel; retryAt: number }) {
  const [now, setNow] = useState(Date.now);
  useEffect(() => {
    const timer = setInterval(() => setNow(Date.now()), 500);
    return () => clearInterval(timer);
  }, []);
  return (
    <>
      <div class="notice notice-warn" role="status" data-testid="panel-crowded">
        <Icon node={Hourglass} />
        <p>
          {t("crowded")}{" "}
          <span aria-hidden="true">{t("crowded.seconds", { seconds: Math.max(1, Math.ceil((retryAt - now) / 1000)) })}</span>
        </p>
      </div>
      <Button wide data-testid="panel-crowded-cancel" onClick={() => panel.giveUp()}>
        {t("cancel")}
      </Button>
    </>
  );
}

function Channels({ panel, state, info }: { panel: Panel; state: PanelState; info: PanelInfo }) {
  return (
    <>
      <h2 id="choose">{t(state.starting ? "starting" : "choose")}</h2>
      <div class="p-channels" role="group" aria-labelledby="choose">
        {CHANNELS.filter(({ channel }) => info.channels.includes(channel)).map(({ channel, icon }) => (
          <Button
            key={channel}
            class="p-channel"
            kind="primary"
            icon={icon}
            busy={state.starting === channel}
            disabled={state.starting !== null}
            data-testid={`panel-${channel}`}
            onClick={() => void panel.begin(channel)}
          >
            <span>
              {t(channel)}
              <small>{t(`${channel}.hint`)}</small>
            </span>
          </Button>
        ))}
      </div>
    </>
  );
}

/** The panel before a session: who helps, one field for the question, and buttons for text, voice and video. */

import { History, Hourglass, Mail, MessageSquareText, Mic, PhoneIncoming, Video } from "lucide";
import type { IconNode } from "lucide";
import { useEffect, useState } from "preact/hooks";
import type { Channel } from "../messages";
import { t as roomText } from "../room/words";
import { Button, Icon, locale, ownName, TextArea } from "../ui";
import { initials } from "../ui/initials";
import type { PanelInfo } from "./api";
import { Asked } from "./asked";
import type { Panel } from "./panel";
import type { PanelState } from "./state";
import { Shared } from "./shared";
import { closedText, isClosed, rangeText, refusalText, t } from "./words";

const CHANNELS: { channel: Channel; icon: IconNode }[] = [
  { channel: "text", icon: MessageSquareText },
  { channel: "voice", icon: Mic },
  { channel: "video", icon: Video },
];

interface Part {
  panel: Panel;
  state: PanelState;
  info: PanelInfo;
}

export function Offer({ panel, state, info }: Part) {
  const closed = isClosed(info.opening);
  return (
    <div class="p-scroll p-offer">
      <Who info={info} />
      <TextArea
        label={t("note.label")}
        placeholder={t("note.placeholder")}
        maxLength={500}
        rows={2}
        value={state.typed.note}
        data-testid="panel-note"
        onInput={(event) => panel.type({ note: event.currentTarget.value })}
      />
      {!closed && info.form && <Asked panel={panel} state={state} form={info.form} />}
      {state.refusal && (
        <p class="notice notice-danger" role="alert" data-testid="panel-refusal">
          {refusalText(state.refusal)}
        </p>
      )}
      {state.elsewhere && <Elsewhere panel={panel} state={state} />}
      {state.retryAt > 0 ? (
        <Crowded panel={panel} retryAt={state.retryAt} />
      ) : (
        <>
          {(closed || !info.staffed) && <Later panel={panel} state={state} info={info} />}
          {!closed && <Channels panel={panel} state={state} info={info} />}
        </>
      )}
      <Shared panel={panel} state={state} info={info} />
      {state.partner && info.own_past && (
        <Button kind="quiet" wide icon={History} data-testid="panel-past" onClick={() => panel.showPast(true)}>
          {t("past")}
        </Button>
      )}
    </div>
  );
}

/** If a signed-in visitor has an open conversation elsewhere, asks whether to continue that conversation here or to begin another
 *  one. */
function Elsewhere({ panel, state }: { panel: Panel; state: PanelState }) {
  const busy = state.starting !== null;
  return (
    <div class="notice notice-warn p-later" role="alert" data-testid="panel-open-elsewhere">
      <p>{t("elsewhere.title")}</p>
      <Button kind="primary" wide disabled={busy} data-testid="panel-go-on" onClick={() => void panel.goOnWithOpen()}>
        {t("elsewhere.go")}
      </Button>
      <Button wide disabled={busy} data-testid="panel-begin-new" onClick={() => void panel.begin("text", "talk", "begin")}>
        {t("elsewhere.new")}
      </Button>
    </div>
  );
}

/** Shows who helps: initials and names of counselors, the topic, the language and the expected wait. */
function Who({ info }: { info: PanelInfo }) {
  const closed = isClosed(info.opening);
  const here = info.staffed && !closed;
  const names = here ? info.helpers : [];
  const range = rangeText(info.low_s, info.high_s);
  return (
    <section class="p-who">
      {names.length > 0 && (
        <div class="p-faces" aria-hidden="true">
          {names.map((name) => (
            <span key={name} class="p-face">
              {initials(name)}
            </span>
          ))}
        </div>
      )}
      <h1>{t("who", { category: info.category.name })}</h1>
      {names.length > 0 && (
        <p data-testid="panel-helpers">
          {t("who.names", { names: new Intl.ListFormat(locale(), { type: "disjunction" }).format(names) })}
        </p>
      )}
      <p class="p-who-facts">
        <span class="pill" lang={info.language}>
          {ownName(info.language)}
        </span>
        {here && (
          <span class="pill pill-ok" data-testid="panel-wait">
            {range ? t("wait.about", { range }) : t("wait.now")}
          </span>
        )}
      </p>
      {closed && (
        <p class="notice notice-warn" data-testid="panel-closed">
          {closedText(info.opening)} {t("closed.offer")}
        </p>
      )}
      {!closed && !here && (
        <p class="notice notice-warn" data-testid="panel-wait">
          {t("wait.none")}
        </p>
      )}
    </section>
  );
}

/** Shown when nobody can answer now: buttons to leave a message and to book a callback. */
function Later({ panel, state, info }: Part) {
  const busy = state.starting !== null;
  return (
    <div class="p-later">
      <Button
        kind="primary"
        wide
        icon={Mail}
        disabled={busy}
        data-testid="panel-offer-message"
        onClick={() => void panel.begin("text", "message")}
      >
        {t("message.title")}
      </Button>
      {info.opening.callbacks && (
        <Button
          wide
          icon={PhoneIncoming}
          disabled={busy}
          data-testid="panel-offer-callback"
          onClick={() => void panel.begin("text", "callback")}
        >
          {roomText("callback.offer")}
        </Button>
      )}
    </div>
  );
}

/** Shown when the server is full and refuses another session. The panel tries again by itself; the visitor can cancel that. */
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

function Channels({ panel, state, info }: Part) {
  return (
    <section class="p-ways">
      <h2 id="choose">{t(state.starting ? "starting" : info.staffed ? "choose" : "choose.wait")}</h2>
      <div class="p-channels" role="group" aria-labelledby="choose">
        {CHANNELS.filter(({ channel }) => info.channels.includes(channel)).map(({ channel, icon }) => (
          <Button
            key={channel}
            class="p-channel"
            kind={info.staffed ? "primary" : "plain"}
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
    </section>
  );
}

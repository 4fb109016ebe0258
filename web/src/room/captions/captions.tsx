/** Captions: the button, the bar that tells everybody that captions are on, and the words under each speaker. */

import { Captions as CaptionsIcon, CaptionsOff, Languages } from "lucide";
import { useEffect, useRef } from "preact/hooks";
import type { ParticipantView, SessionView } from "../../messages";
import { announce, toast } from "../../ui/announce";
import { Button, IconButton } from "../../ui/button";
import { locale } from "../../ui/i18n";
import { Icon } from "../../ui/icon";
import { useLocale, useStore } from "../../ui/store";
import type { Client } from "../client";
import { RequestError, type RequestMessage } from "../connection";
import { participant, viewer } from "../state";
import { list, nameOf, t as room } from "../words";
import { misses, NOTHING, textOf, translationOf } from "./heard";
import { captionsOf } from "./store";
import { t } from "./words";
import "./captions.css";

interface Props {
  client: Client;
  session: SessionView;
}

async function send(client: Client, message: RequestMessage): Promise<void> {
  try {
    await client.connection.request(message);
  } catch (error) {
    if (!(error instanceof RequestError)) throw error;
    toast(t(error.reason === "captions_off" ? "captions.unavailable" : "captions.unsent"), "error");
  }
}

const wants = ({ captions, you }: SessionView): boolean => captions?.wanted_by.includes(you) ?? false;

interface PartProps extends Props {
  /** The person whose words this component shows; undefined if it is the captions' bar or button. */
  person?: ParticipantView;
  button?: boolean;
}

/** Shows the captions of one person, or the button that turns captions on, or the captions' bar. All three are one component, so
 *  that a page loads their code together. */
export function Captions({ client, session, person, button }: PartProps) {
  if (person) return <Caption client={client} session={session} person={person} />;
  return button ? <CaptionsButton client={client} session={session} /> : <CaptionsBar client={client} session={session} />;
}

/** A button that turns captions on or off for this person. */
function CaptionsButton({ client, session }: Props) {
  useLocale();
  const on = wants(session);
  const { captions } = session;
  if (captions === null || viewer(session)?.presence === "reading") return null;
  return (
    <IconButton
      icon={on ? CaptionsIcon : CaptionsOff}
      caption
      label={t("captions")}
      title={t(on ? "captions.turnOff" : "captions.turnOn")}
      pressed={on}
      disabled={!on && !captions.ready}
      onClick={() => void send(client, { type: "captions", session: session.id, on: !on })}
      data-testid="call-captions"
    />
  );
}

/** Says that captions are on and who wants them, or that they have failed. Asks for permission to keep captions. Everybody in the
 *  call sees this bar. */
function CaptionsBar({ client, session }: Props) {
  useLocale();
  const heard = useStore(captionsOf(client), (all) => all[session.id] ?? NOTHING);
  const { captions } = session;
  useTold(session);
  if (captions === null || !(captions.on || (captions.failed && !captions.ready))) return null;
  const answer = (agree: boolean) => void send(client, { type: "keep_captions", session: session.id, agree });
  const translateTo = (translate: string) => () =>
    void send(client, { type: "captions", session: session.id, on: true, translate });
  const asks = captions.keep && captions.you === "" && mayAnswer(session);
  return (
    <section class="captions-bar" aria-label={t("captions")} data-testid="captions-bar" data-on={captions.on}>
      <Icon node={captions.on ? CaptionsIcon : CaptionsOff} size={18} />
      <p class="captions-words">
        {words(session)} {captions.on && misses(heard) && <strong data-testid="captions-missed">{t("captions.missed")}</strong>}
      </p>
      {asks && (
        <span class="captions-buttons">
          <Button onClick={() => answer(false)} data-testid="captions-keep-not">
            {t("captions.keep.no")}
          </Button>
          <Button kind="primary" onClick={() => answer(true)} data-testid="captions-keep">
            {t("captions.keep.yes")}
          </Button>
        </span>
      )}
      {session.translates && wants(session) && (
        <Button
          kind="quiet"
          icon={Languages}
          onClick={translateTo(captions.translate ? "" : locale())}
          data-testid="captions-translate"
        >
          {t(captions.translate ? "captions.translate.stop" : "captions.translate")}
        </Button>
      )}
      {captions.keep && captions.you === "yes" && (
        <Button kind="quiet" onClick={() => answer(false)} data-testid="captions-keep-stop">
          {t("captions.keep.stop")}
        </Button>
      )}
      <SpokenLog client={client} session={session} />
    </section>
  );
}

/** Whether to ask this person for permission to keep their captions. Only people whom others can hear in the call are asked. A
 *  professional who still reads the conversation before joining is not asked, and neither is an operator who only listens. */
function mayAnswer(session: SessionView): boolean {
  const you = viewer(session);
  return you?.role === "operator" ? you.listens === "join" : you?.presence !== "reading";
}

function words(session: SessionView): string {
  const { captions } = session;
  if (captions === null || captions.failed) return t("captions.failed");
  const people = captions.wanted_by.map((id) =>
    id === session.you ? room("you") : nameOf(participant(session, id) ?? { name: "", role: "user" }),
  );
  const on = t("captions.on", { names: list(people) });
  if (!captions.keep) return `${on} ${t("captions.notKept")}`;
  if (captions.you === "") return `${on} ${t("captions.keep.ask")}`;
  return `${on} ${t(captions.kept ? "captions.kept" : "captions.notKept")}`;
}

/** Announces to screen readers that captions were turned on or off. Shows a toast when captions have failed. */
function useTold(session: SessionView): void {
  const { captions } = session;
  const now = captions?.failed ? "failed" : captions?.on ? "on" : "off";
  const was = useRef("off");
  useEffect(() => {
    if (now === was.current) return;
    was.current = now;
    if (now === "off") announce(t("captions.off"));
    else if (now === "failed") toast(t("captions.failed"), "error");
    else announce(words(session));
  }, [now]);
}

/** A log of captions for screen readers. Captions that can still change are not in the log, so that nothing is read out twice. */
function SpokenLog({ client, session }: Props) {
  const heard = useStore(captionsOf(client), (all) => all[session.id] ?? NOTHING);
  if (!wants(session)) return null;
  const lines = Object.entries(heard)
    .flatMap(([id, { said }]) => said.filter(({ final }) => final).map((one) => ({ id, ...one })))
    .sort((a, b) => a.at - b.at);
  return (
    <ul class="visually-hidden" role="log" aria-live="polite" aria-relevant="additions" data-testid="captions-log">
      {lines.map(({ id, utterance, text, language }) => (
        <li key={`${id} ${utterance}`} lang={language || undefined}>
          {nameOf(participant(session, id) ?? { name: "", role: "user" })}: {text}
        </li>
      ))}
    </ul>
  );
}

interface CaptionProps extends Props {
  person: ParticipantView;
}

/** The words of one person, under that person's picture. Screen readers get the words from the log. */
function Caption({ client, session, person }: CaptionProps) {
  const said = useStore(captionsOf(client), (all) => all[session.id]?.[person.id]);
  const text = textOf(said);
  const translation = session.captions?.translate ? translationOf(said) : "";
  const box = useRef<HTMLParagraphElement>(null);
  useEffect(() => {
    // scrolls to the newest words, which are the last ones
    for (const part of box.current?.children ?? []) part.scrollTo(0, part.scrollHeight);
  }, [text, translation]);
  if (!text || !wants(session)) return null;
  return (
    <p
      class={translation ? "caption caption-translated" : "caption"}
      aria-hidden="true"
      dir="auto"
      lang={said?.said.at(-1)?.language || undefined}
      data-testid="caption"
      ref={box}
    >
      <span class="caption-text">
        <b class="caption-name">{nameOf(person)}: </b>
        {text}
      </span>
      {translation && (
        <i class="caption-translation" lang={locale()}>
          {t("captions.translation", { text: translation })}
        </i>
      )}
    </p>
  );
}

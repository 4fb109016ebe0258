import { LogOut, UserRound } from "lucide";
import { useEffect, useMemo, useRef, useState } from "preact/hooks";
import { attempt } from "../staff/attempt";
import { sentence } from "../staff/refusals";
import { Account } from "../staff/account/account";
import { signOut } from "../staff/api";
import { ConnectionBand } from "../staff/bands";
import { LanguageSwitch } from "../staff/language";
import { may, parts, title, type Part } from "../staff/rights";
import { t as shared } from "../staff/texts";
import type { RequestMessage } from "../room/connection";
import { Client } from "../room/client";
import { IconButton, locale, toast, useLocale, useStore, withTexts } from "../ui";
import { AppointmentsPart } from "./appointments/part";
import { Audit } from "./audit";
import { Doctor } from "./doctor";
import { HoursPart } from "./hours";
import { Loaded } from "./loaded";
import { ListeningBand, useListening } from "./listening";
import { MailPart } from "./mail/part";
import { Past } from "./past";
import { RepliesPart } from "./replies";
import { ReportsPart } from "./reports/part";
import { OneSession } from "./session";
import { SigningInPart } from "./signing-in/part";
import { t } from "./texts";
import { Wall } from "./wall";
import { useWhere } from "./where";
import { WrapUpPart } from "./wrap-up/part";
import { WallboardView, type WallboardActions } from "./wallboard";

function Nav({ part }: { part: Part | "wall" }) {
  const nav = useRef<HTMLElement>(null);
  useEffect(() => {
    // on a phone, the navigation has no room for all parts, so it scrolls to the part that is shown
    nav.current?.querySelector("[aria-pressed=true]")?.scrollIntoView({ block: "nearest", inline: "center" });
  }, [part]);
  return (
    <nav class="segments" ref={nav}>
      {parts().map((one) => (
        <button
          key={one}
          type="button"
          aria-pressed={part === one}
          data-testid={`nav-${one}`}
          onClick={() => (location.hash = one)}
        >
          {t(`nav.${one}`)}
        </button>
      ))}
    </nav>
  );
}

/** Subscribes to the wallboard, and to the call quality of one session ("" for none). */
function watch(client: Client, session: string): void {
  client.connection
    .request({ type: "watch", ...(session === "" ? {} : { session }) })
    .catch((error: unknown) => toast(sentence(error), "error"));
}

/** The whole page of an operator who is signed in. */
export function Operator({ onSignedOut }: { onSignedOut: (because: string) => void }) {
  useLocale();
  const client = useMemo(() => new Client({ locale: locale(), desk: false }), []);
  const [watched, setWatched] = useState("");
  const asked = useRef(watched);
  useEffect(() => {
    // Subscribe again after every reconnection, because the server forgets subscriptions when the connection ends.
    const stop = client.onMessage((message) => {
      if (message.type === "welcome" && may("live.watch")) watch(client, asked.current);
    });
    client.open();
    return () => {
      stop();
      client.close();
    };
  }, [client]);
  const { status, closedReason, wallboard, trend, callQuality, clockOffset, staff } = useStore(client.state);
  const { part, session, where } = useWhere();
  const listening = useListening(client);
  const [accountOpen, setAccountOpen] = useState(false);
  useEffect(() => {
    if (status === "closed" && (closedReason === "signed_out" || closedReason === "token"))
      onSignedOut(shared("signin.signed_out"));
  }, [status, closedReason]);

  const actions = useMemo<WallboardActions>(() => {
    const ask = (message: RequestMessage) =>
      attempt(async () => {
        await client.connection.request(message);
        toast(t("do.done"));
      });
    return {
      watch: (id) => {
        asked.current = id;
        setWatched(id);
        watch(client, id);
      },
      endSession: (id) => ask({ type: "end_session", session: id }),
      signOutStaff: (id) => ask({ type: "sign_out_staff", staff: id }),
    };
  }, [client]);

  if (part === "wall" && wallboard !== null)
    return (
      <div class="operator">
        <ConnectionBand status={status} />
        <Wall board={wallboard} trend={trend} ahead_ms={clockOffset} />
      </div>
    );
  if (part === "start")
    return (
      <div class="operator">
        <ConnectionBand status={status} />
        <Loaded what="wizard" load={() => withTexts(import("./start/wizard"))}>
          {({ Wizard }) => <Wizard key={where} step={where} />}
        </Loaded>
      </div>
    );
  return (
    <div class="operator">
      <header class="topbar">
        <p class="brand">
          <span class="brand-mark" aria-hidden="true" /> <span class="brand-name">Sangdam</span>
        </p>
        <Nav part={part} />
        <div class="topbar-end">
          <p class="topbar-me">
            <strong>{staff?.name}</strong> <span class="dim">{shared(`role.${title()}`)}</span>
          </p>
          <LanguageSwitch />
          <IconButton
            icon={UserRound}
            kind="quiet"
            label={shared("account")}
            data-testid="account-open"
            onClick={() => setAccountOpen(true)}
          />
          <IconButton
            icon={LogOut}
            kind="quiet"
            label={shared("sign_out")}
            onClick={() =>
              void signOut()
                .catch(() => undefined)
                .then(() => onSignedOut(shared("signin.signed_out")))
            }
          />
        </div>
      </header>
      <ConnectionBand status={status} />
      {listening.session !== "" && (
        <ListeningBand key={listening.session} client={client} session={listening.session} onStop={listening.stop} />
      )}
      {accountOpen && <Account onClose={() => setAccountOpen(false)} />}
      <main class="operator-main">
        {part === "live" &&
          (wallboard === null ? (
            <div class="skeleton loading" role="status" aria-label={t("live.loading")} />
          ) : (
            <WallboardView
              board={wallboard}
              trend={trend}
              quality={callQuality}
              watched={watched}
              ahead_ms={clockOffset}
              actions={actions}
              listening={listening}
            />
          ))}
        {part === "past" && session === "" && <Past onOpen={(id) => (location.hash = `past/${encodeURIComponent(id)}`)} />}
        {part === "past" && session !== "" && <OneSession id={session} onBack={() => (location.hash = "past")} />}
        {part === "appointments" && <AppointmentsPart />}
        {part === "reports" && <ReportsPart />}
        {part === "hours" && <HoursPart />}
        {part === "replies" && <RepliesPart />}
        {part === "wrap-up" && <WrapUpPart />}
        {part === "signing-in" && <SigningInPart />}
        {part === "mail" && <MailPart />}
        {part === "settings" && (
          <Loaded what="settings" load={() => withTexts(import("./settings/part"))}>
            {({ SettingsPart }) => <SettingsPart where={where} />}
          </Loaded>
        )}
        {part === "audit" && <Audit />}
        {part === "doctor" && <Doctor />}
      </main>
    </div>
  );
}

import { BellOff, Check, X } from "lucide";
import { useEffect, useRef, useState } from "preact/hooks";
import { Button, Icon, useLocale } from "../ui";
import type { Actions } from "./actions";
import { ChannelIcon } from "./lane";
import { languageName, safeHref, shortUrl, since } from "../staff/format";
import { keyLabel } from "./logic/keys";
import { isWriting, useWriting } from "./writing";
import { dash, field, fraction, secondsLeft, titleKey, type Call } from "./logic/ringing";
import { t } from "../staff/texts";

const DECLINE_REASONS = ["busy", "topic", "language", "break"] as const;
const R = 27;

/** A circle that empties while a call rings (20 s; 30 s for adding voice or video). The number inside is the number of seconds
 *  left. */
function Countdown({ ring, now }: { ring: Call; now: number }) {
  const { array, offset } = dash(fraction(ring, now), R);
  return (
    <div class="ring-count" role="timer" aria-label={t("ring.left", { s: secondsLeft(ring, now) })}>
      <svg viewBox="0 0 64 64" width="64" height="64" aria-hidden="true">
        <circle cx="32" cy="32" r={R} class="ring-track" />
        <circle
          cx="32"
          cy="32"
          r={R}
          class="ring-rest"
          stroke-dasharray={array}
          stroke-dashoffset={offset}
          transform="rotate(-90 32 32)"
        />
      </svg>
      <span class="num" aria-hidden="true">
        {secondsLeft(ring, now)}
      </span>
    </div>
  );
}

function Facts({ ring }: { ring: Call }) {
  const locale = useLocale();
  const page = field(ring, "page_title");
  const url = field(ring, "page_url");
  const href = safeHref(url);
  const product = ring.product || field(ring, "product_name");
  const rows: [string, preact.ComponentChildren][] = [
    [t("ring.topic"), ring.category],
    [t("ring.language"), languageName(ring.language, locale)],
  ];
  if (ring.note || field(ring, "note"))
    rows.unshift([
      t("ring.note"),
      <strong key="note" dir="auto">
        {ring.note || field(ring, "note")}
      </strong>,
    ]);
  if (ring.with_name) rows.unshift([t("ring.appointment"), ring.with_name]);
  if (product) rows.push([t("ring.product"), product]);
  if (page || url)
    rows.push([
      t("ring.page"),
      <>
        {page}{" "}
        {href !== null ? (
          <a href={href} target="_blank" rel="noreferrer noopener">
            {shortUrl(url)}
          </a>
        ) : (
          url
        )}
      </>,
    ]);
  return (
    <dl class="facts">
      {rows.map(([name, value]) => (
        <div key={name}>
          <dt>{name}</dt>
          <dd>{value}</dd>
        </div>
      ))}
    </dl>
  );
}

interface IncomingProps {
  ring: Call;
  now: number;
  muted: boolean;
  declining: boolean;
  actions: Pick<Actions, "decline">;
  onAccept: () => Promise<void>;
  /** Called with true when the person presses Decline: the console then shows the list of reasons. (A request to add voice or
   *  video is declined at once, without a reason.) Called with false to close the list. */
  onDeclining: (open: boolean) => void;
  onMute: () => void;
}

/** The card of an incoming call, over the middle of the page. The card is not a modal dialog, so the person can go on working. */
export function Incoming({ ring, now, muted, declining, actions, onAccept, onDeclining, onMute }: IncomingProps) {
  const [busy, setBusy] = useState(false);
  const card = useRef<HTMLElement>(null);
  useEffect(() => {
    // The card takes the focus, so that Enter accepts the call and does not press again the button that was pressed last. If the
    // person is writing, the focus stays in the field.
    if (!isWriting() && document.querySelector("dialog[open]") === null)
      card.current?.querySelector<HTMLElement>(".ring-accept")?.focus({ preventScroll: true });
  }, []);
  const writing = useWriting();
  const help = ring.kind === "help";
  const upgrade = ring.kind === "upgrade";
  const byUser = ring.kind === "user" || ring.kind === "callback" || upgrade;
  const who = ring.from_name || (byUser ? field(ring, "user_name") || t("visitor") : t("role.counselor"));
  const accept = () => {
    setBusy(true);
    void onAccept().then(() => setBusy(false));
  };
  return (
    <section
      ref={card}
      class={`ring ${help ? "ring-help" : ""}`}
      role="alertdialog"
      aria-labelledby="ring-title"
      data-testid="ring"
    >
      <header class="ring-head">
        <Countdown ring={ring} now={now} />
        <div>
          <p class="dim">{t(titleKey(ring))}</p>
          <h2 id="ring-title">{byUser ? who : t("ring.from", { name: who })}</h2>
          <p class="ring-meta">
            {!help && <ChannelIcon channel={ring.channel} />} {!help && t(`channel.${ring.channel}`)}
            <span class="num">{t("ring.waited", { time: since(ring.waiting_since, now) })}</span>
          </p>
        </div>
        {!muted && (
          <button
            type="button"
            class="ring-mute icon-button button-quiet"
            onClick={onMute}
            aria-label={t("ring.mute")}
            title={`${t("ring.mute")} (${keyLabel("mute_ring")})`}
          >
            <Icon node={BellOff} />
          </button>
        )}
      </header>
      <Facts ring={ring} />
      {declining ? (
        <div class="ring-why">
          <p>{t("ring.decline.why")}</p>
          <div class="ring-reasons">
            {DECLINE_REASONS.map((reason, i) => (
              <Button
                key={reason}
                autoFocus={i === 0}
                onClick={() => void actions.decline(ring.reservation, reason)}
                data-testid={`decline-${reason}`}
              >
                {t(`ring.reason.${reason}`)}
              </Button>
            ))}
          </div>
          <Button kind="quiet" onClick={() => onDeclining(false)}>
            {t("back")}
          </Button>
        </div>
      ) : (
        <div class="ring-do">
          <Button icon={X} onClick={() => onDeclining(true)} data-testid="ring-decline">
            {t(upgrade ? "ring.decline.upgrade" : "ring.decline")} {!writing && <kbd>{keyLabel("decline")}</kbd>}
          </Button>
          <Button
            kind={help ? "help" : "primary"}
            icon={Check}
            busy={busy}
            onClick={accept}
            class="ring-accept"
            data-testid="ring-accept"
          >
            {t("ring.accept")} <kbd data-testid="ring-key">{keyLabel(writing ? "accept_writing" : "accept")}</kbd>
          </Button>
        </div>
      )}
    </section>
  );
}

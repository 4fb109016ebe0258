import { History } from "lucide";
import { useCallback, useEffect, useMemo, useState } from "preact/hooks";
import type { Line, SessionView } from "../messages";
import { Board } from "../room/board/lazy-board";
import { Chat, type AudienceChoice } from "../room/chat";
import type { Client } from "../room/client";
import type { Pictures } from "../room/pictures";
import type { RoomLink } from "../room/room-link";
import { linesAsOf } from "../room/writing/as-of";
import { Button, Icon, useLocale, useStore } from "../ui";
import { timeText } from "../ui/when";
import { RecordedBoard } from "../replay/board";
import type { BoardStep } from "../replay/history";
import { boardSteps } from "../replay/steps";
import { moments } from "./logic/moments";
import { t } from "../staff/texts";

const NO_LINES: Line[] = [];

interface ReplayProps {
  client: Client;
  link: RoomLink;
  session: SessionView;
  pictures: Pictures;
  audience: AudienceChoice;
}

/** Shows the lines and the board of a conversation side by side to a professional who has not joined it yet. The lines and the
 *  board are shown as they are now, or as they were at an earlier moment. */
export function Replay({ client, link, session, pictures, audience }: ReplayProps) {
  const lines = useStore(client.state, (state) => state.lines[session.id] ?? NO_LINES);
  const status = useStore(client.state, (state) => state.status);
  const older = useStore(client.state, (state) => (state.older[session.id] ?? 0) > 0);
  // The slider stops at the time of every line, so this page fetches all lines.
  useEffect(() => void client.reach(session.id, 0), [session.id, older, status]);
  const [strokes, setStrokes] = useState<number[]>([]);
  const [until, setUntil] = useState(Infinity);
  const onStrokes = useCallback((times: number[]) => setStrokes((known) => (known.join() === times.join() ? known : times)), []);
  const asThen = useCallback((all: Line[]) => linesAsOf(all, until), [until]);
  const steps = useHistory(session.id, until !== Infinity);
  const stops = useMemo(() => moments(lines, strokes), [lines, strokes]);
  return (
    <div class="replay">
      <Scrubber stops={stops} until={until} onUntil={setUntil} />
      <section class="replay-chat" aria-label={t("chat.title")}>
        <Chat client={client} session={session} pictures={pictures} audience={audience} asThen={asThen} />
      </section>
      <div class="replay-board">
        {steps && <RecordedBoard steps={steps} until={until} pictures={pictures} />}
        <div class={steps ? "replay-board-now" : "replay-board-shown"}>
          <Board link={link} session={session} pictures={pictures} until={steps ? Infinity : until} onStrokes={onStrokes} />
        </div>
      </div>
    </div>
  );
}

/** Returns the changes of the session's board while an earlier moment is shown (`past`); null otherwise, and until the changes
 *  have been fetched. Without the changes, the page can only hide the shapes that were drawn later. */
function useHistory(session: string, past: boolean): BoardStep[] | null {
  const [steps, setSteps] = useState<BoardStep[] | null>(null);
  useEffect(() => {
    if (!past) return;
    let wanted = true;
    boardSteps(`/api/sessions/${encodeURIComponent(session)}/board`).then(
      (found) => wanted && setSteps(found),
      () => undefined,
    );
    return () => {
      wanted = false;
      setSteps(null);
    };
  }, [session, past]);
  return steps;
}

interface ScrubberProps {
  stops: number[];
  /** The moment of the conversation to show (ms). Infinity means now, so that the view follows the conversation. */
  until: number;
  onUntil: (until: number) => void;
}

function Scrubber({ stops, until, onUntil }: ScrubberProps) {
  const locale = useLocale();
  const live = until === Infinity;
  const last = stops.length;
  const shown = live ? last : stops.filter((at) => at <= until).length;
  const words = live ? t("replay.now") : t("replay.at", { time: timeText(until, locale), n: shown, all: last });
  return (
    <div class="scrubber">
      <Icon node={History} />
      <input
        type="range"
        min={Math.min(1, last)}
        max={last}
        step={1}
        value={shown}
        disabled={last < 2}
        aria-label={t("replay.scrubber")}
        aria-valuetext={words}
        data-testid="replay-scrubber"
        onInput={(event) => {
          const stop = event.currentTarget.valueAsNumber;
          onUntil(stop >= last ? Infinity : (stops[stop - 1] ?? Infinity));
        }}
      />
      <span class="scrubber-words num">{words}</span>
      <Button kind="quiet" disabled={live} onClick={() => onUntil(Infinity)} data-testid="replay-now">
        {t("replay.to_now")}
      </Button>
    </div>
  );
}

import { Monitor, Presentation, X } from "lucide";
import type { SessionView } from "../messages";
import { arrange } from "../room/arrange";
import { Board } from "../room/board/lazy-board";
import type { Pictures } from "../room/pictures";
import type { RoomLink } from "../room/room-link";
import { StageTile, useLimits } from "../room/stage";
import { Icon, IconButton, useStore } from "../ui";
import type { Work } from "./logic/layout";
import { t } from "../staff/texts";
import type { Viewing } from "./use-view";

interface WorkProps {
  link: RoomLink;
  session: SessionView;
  pictures: Pictures;
  viewing: Viewing;
}

const WORKS = [
  ["screen", Monitor],
  ["board", Presentation],
] as const;

/** The pane beside the conversation. It shows the board, or the screen that somebody shares. */
export function WorkPane({ link, session, pictures, viewing }: WorkProps) {
  return (
    <section class="work" data-work={viewing.work} aria-label={t(`work.${viewing.work}`)} data-testid="work">
      {viewing.screen && <Switch work={viewing.work} onWork={viewing.chooseWork} />}
      {viewing.work === "board" ? (
        <Board link={link} session={session} pictures={pictures} />
      ) : (
        <Screen link={link} session={session} />
      )}
      <IconButton
        icon={X}
        kind="quiet"
        class="work-close wide-only"
        label={t("work.close")}
        onClick={() => viewing.choose("chat")}
        data-testid="work-close"
      />
    </section>
  );
}

function Switch({ work, onWork }: { work: Work; onWork: (work: Work) => void }) {
  return (
    <div class="segments segments-small work-switch" role="group" aria-label={t("work.group")}>
      {WORKS.map(([one, icon]) => (
        <button key={one} type="button" aria-pressed={work === one} data-testid={`work-${one}`} onClick={() => onWork(one)}>
          <Icon node={icon} size={16} /> {t(`work.${one}`)}
        </button>
      ))}
    </div>
  );
}

function Screen({ link, session }: Pick<WorkProps, "link" | "session">) {
  const slots = useStore(link.peer.state, (state) => state.slots);
  const limits = useLimits(link, session);
  const { main } = arrange(session);
  if (main === null) return null;
  return (
    <div class="work-screen" role="list">
      <StageTile
        link={link}
        session={session}
        tile={main}
        stream={slots[main.slot] ?? null}
        speaking={false}
        paused={limits[main.slot] === "paused"}
      />
    </div>
  );
}

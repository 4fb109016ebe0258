import { Eye, Monitor, Presentation, X } from "lucide";
import type { SessionView } from "../messages";
import { arrange } from "../room/arrange";
import { Board } from "../room/board/lazy-board";
import { lazy } from "../room/lazy";
import type { Pictures } from "../room/pictures";
import type { RoomLink } from "../room/room-link";
import { StageTile, useLimits } from "../room/stage";
import { Icon, IconButton, useStore } from "../ui";
import { t } from "../staff/texts";
import type { Viewing } from "./use-view";

interface WorkProps {
  link: RoomLink;
  session: SessionView;
  pictures: Pictures;
  viewing: Viewing;
}

export const WORK_ICONS = { page: Eye, screen: Monitor, board: Presentation } as const;

const PageView = lazy(
  () => import("../room/cobrowse/page-view"),
  (module) => module.PageView,
  { name: "lazy.loading", class: "page-view" },
);

/** The pane beside the conversation. It shows the board, the screen that somebody shares, or the page that the visitor is
 *  looking at. */
export function WorkPane({ link, session, pictures, viewing }: WorkProps) {
  return (
    <section class="work" data-work={viewing.work} aria-label={t(`work.${viewing.work}`)} data-testid="work">
      {viewing.works.length > 1 && <Switch viewing={viewing} />}
      {viewing.work === "page" ? (
        <PageView client={link.client} session={session} />
      ) : viewing.work === "board" ? (
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

function Switch({ viewing: { work, works, chooseWork } }: { viewing: Viewing }) {
  return (
    <div class="segments segments-small work-switch" role="group" aria-label={t("work.group")}>
      {works.map((one) => (
        <button
          key={one}
          type="button"
          aria-pressed={work === one}
          title={t(`work.${one}`)}
          data-testid={`work-${one}`}
          onClick={() => chooseWork(one)}
        >
          <Icon node={WORK_ICONS[one]} size={16} /> {t(`tab.${one}`)}
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

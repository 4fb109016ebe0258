/** The shared board in the panel. The board opens when somebody draws. The board's code is loaded whenever the conversation
 *  becomes active. */

import { useEffect, useState } from "preact/hooks";
import type { SessionView } from "../messages";
import type { Client } from "../room/client";
import { drawingOn } from "../room/drawing-on";
import type { Pictures } from "../room/pictures";
import type { RoomLink } from "../room/room-link";
import { withTexts } from "../ui/i18n";
import { type Readable, useStore } from "../ui/store";

type Loaded = typeof import("./board-link");

export interface PanelBoard {
  open: boolean;
  toggle: () => void;
  /** The component that draws the board; null until its code is loaded. */
  show: ((pictures: Pictures) => preact.JSX.Element) | null;
}

const AGAIN_MS = 3000;
const NOT_DRAWN: Readable<boolean> = { get: () => false, subscribe: () => () => undefined };

/** Connects the panel to the board of a conversation while the conversation is active. */
export function usePanelBoard(client: Client, session: SessionView): PanelBoard {
  const live = session.state === "active";
  const [loaded, setLoaded] = useState<{ code: Loaded; link: RoomLink } | null>(null);
  const [open, setOpen] = useState(false);
  useEffect(() => {
    if (!live) return;
    let end: () => void = () => undefined;
    let over = false;
    const load = () =>
      withTexts(import("./board-link")).then(
        (code) => {
          if (over) return;
          const link = code.openLink(client, session.id);
          end = () => link.close();
          setLoaded({ code, link });
        },
        () => {
          if (!over) setTimeout(load, AGAIN_MS); // the code did not load: try again, because somebody may be drawing already
        },
      );
    void load();
    return () => {
      over = true;
      end();
      setLoaded(null);
      setOpen(false);
    };
  }, [client, session.id, live]);
  const drawn = useStore(loaded?.link.boardDrawn ?? NOT_DRAWN);
  const wanted = useStore(drawingOn);
  useEffect(() => {
    if (drawn || wanted) setOpen(true);
  }, [drawn, wanted]);
  const show = loaded && ((pictures: Pictures) => <loaded.code.Board link={loaded.link} session={session} pictures={pictures} />);
  return { open: open && show !== null, toggle: () => setOpen(!open), show };
}

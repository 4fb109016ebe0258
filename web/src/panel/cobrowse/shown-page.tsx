/** The panel's part in co-browsing: it asks the visitor, and passes the page that the visitor is looking at on to staff. */

import { useEffect } from "preact/hooks";
import type { Client } from "../../room/client";
import { Asked } from "../../room/cobrowse/asked";
import { locale, useStore } from "../../ui";
import { createStore } from "../../ui/store";
import type { Kept } from "../kept";
import type { Panel } from "../panel";
import { canDeflate } from "./pieces";
import { PageLink } from "./page-link";
import "./words";

const NONE = createStore(null);

interface Props {
  panel: Panel;
  kept: Kept;
  /** The client of a text conversation; null while the conversation runs in the call window, which then asks the visitor. */
  client: Client | null;
}

export function ShownPage({ panel, kept, client }: Props) {
  const session = useStore(client?.state ?? NONE, (room) => room?.sessions[kept.session] ?? null);
  // During a call, the call window has the session, and this panel cannot see its state. So, as long as the call
  // lasts, this panel keeps the connection over which it sends staff what the visitor sees.
  const wanted = (kept.place === "window" || session?.cobrowse != null) && canDeflate();
  useEffect(() => {
    if (!wanted) return;
    const link = new PageLink({
      session: kept.session,
      token: kept.token,
      locale: locale(),
      url: `${location.protocol === "https:" ? "wss" : "ws"}://${location.host}/ws`,
      showPage: (onPage) => panel.showPage(onPage),
    });
    link.open();
    return () => link.close();
  }, [wanted, kept.token]);
  return client && session?.cobrowse ? <Asked client={client} session={session} /> : null;
}

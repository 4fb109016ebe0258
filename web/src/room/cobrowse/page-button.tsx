/** The counselor's button for co-browsing. At first, the button asks the user to show the page that the user is looking at. After
 *  the user has agreed, the button shows or hides that page in the console. */

import { Eye } from "lucide";
import type { SessionView } from "../../messages";
import { toast } from "../../ui/announce";
import { Button } from "../../ui/button";
import { useLocale } from "../../ui/store";
import type { Client } from "../client";
import { t } from "./words";

interface Props {
  client: Client;
  session: SessionView;
  /** Whether the console now shows the user's page beside the conversation. */
  open: boolean;
  onToggle: () => void;
}

const WORDS = { "": "staff.ask", asked: "staff.asked", on: "staff.see" } as const;

export function PageButton({ client, session, open, onToggle }: Props) {
  useLocale();
  const { cobrowse } = session;
  if (!cobrowse) return null;
  const { state, ready } = cobrowse;
  const set = (on: boolean) =>
    void client.connection.request({ type: "cobrowse", session: session.id, on }).catch(() => toast(t("failed"), "error"));
  const without = state === "" && !ready;
  return (
    <Button
      icon={Eye}
      aria-pressed={state === "on" ? open : undefined}
      disabled={without}
      title={without ? t("staff.noPage") : state === "asked" ? t("staff.withdraw") : undefined}
      onClick={() => (state === "on" ? onToggle() : set(state === ""))}
      data-testid="page-ask"
      data-state={state}
    >
      {t(WORDS[state])}
    </Button>
  );
}

import { Info, List, MessageSquareText, Presentation } from "lucide";
import type { SessionView } from "../messages";
import { IconButton } from "../ui";
import { t } from "../staff/texts";

export type Tab = "lane" | "chat" | "work" | "brief";

const TABS = [
  ["lane", List],
  ["chat", MessageSquareText],
  ["work", Presentation],
  ["brief", Info],
] as const;

interface TabsProps {
  tab: Tab;
  session: SessionView | null;
  /** Session → the number of lines that this member of staff has not read. */
  fresh: Record<string, number>;
  waiting: number;
  /** Whether there is a board or a shared screen, which then gets a tab. */
  work: boolean;
  onTab: (tab: Tab) => void;
}

/** The tabs on a phone, where the console shows one part at a time. */
export function Tabs({ tab, session, fresh, waiting, work, onTab }: TabsProps) {
  if (session === null) return null;
  const here = fresh[session.id] ?? 0;
  const elsewhere = Object.values(fresh).reduce((sum, n) => sum + n, 0) - here;
  const badges: Partial<Record<Tab, number>> = { lane: waiting + elsewhere, chat: here };
  return (
    <nav class="tabs">
      {TABS.filter(([name]) => name !== "work" || work).map(([name, icon]) => (
        <IconButton
          key={name}
          icon={icon}
          caption
          kind="quiet"
          label={t(`tab.${name}`)}
          pressed={tab === name}
          badge={badges[name] ?? 0}
          onClick={() => onTab(name)}
        />
      ))}
    </nav>
  );
}

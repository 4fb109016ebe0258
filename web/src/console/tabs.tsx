import { Info, List, MessageSquareText, MonitorPlay } from "lucide";
import type { SessionView } from "../messages";
import { IconButton } from "../ui";
import { t } from "../staff/texts";

export type Tab = "lane" | "room" | "chat" | "brief";

const TABS = [
  ["lane", List],
  ["room", MonitorPlay],
  ["chat", MessageSquareText],
  ["brief", Info],
] as const;

interface TabsProps {
  tab: Tab;
  session: SessionView | null;
  fresh: number;
  waiting: number;
  onTab: (tab: Tab) => void;
}

/** On a phone, shows one part at a time. */
export function Tabs({ tab, session, fresh, waiting, onTab }: TabsProps) {
  if (session === null) return null;
  return (
    <nav class="tabs">
      {TABS.map(([name, icon]) => (
        <IconButton
          key={name}
          icon={icon}
          caption
          kind="quiet"
          label={t(`tab.${name}`)}
          pressed={tab === name}
          badge={name === "lane" ? waiting : name === "chat" && tab !== "chat" ? fresh : 0}
          onClick={() => onTab(name)}
        />
      ))}
    </nav>
  );
}

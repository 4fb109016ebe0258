import { Info, List, MessageSquareText } from "lucide";
import type { SessionView } from "../messages";
import { IconButton } from "../ui";
import { t } from "../staff/texts";
import type { Work } from "./logic/layout";
import { WORK_ICONS } from "./work";

export type Tab = "lane" | "chat" | "work" | "brief";

const TABS = ["lane", "chat", "work", "brief"] as const;
const ICONS = { lane: List, chat: MessageSquareText, brief: Info, ...WORK_ICONS } as const;

interface TabsProps {
  tab: Tab;
  session: SessionView | null;
  /** Session → the number of lines that this member of staff has not read. */
  fresh: Record<string, number>;
  waiting: number;
  /** What is shown beside the conversation and has a tab of its own: board, screen or page; null if there is nothing. */
  work: Work | null;
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
      {TABS.map((name) => {
        const shown = name === "work" ? work : name;
        return (
          shown && (
            <IconButton
              key={name}
              icon={ICONS[shown]}
              caption
              kind="quiet"
              label={t(`tab.${shown}`)}
              pressed={tab === name}
              badge={badges[name] ?? 0}
              onClick={() => onTab(name)}
              data-testid={`tab-${name}`}
            />
          )
        );
      })}
    </nav>
  );
}

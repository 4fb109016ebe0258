import { Copy, Lock, Trash2, X } from "lucide";
import { Button, IconButton } from "../../ui/button";
import { t } from "./words";

interface SelectionBarProps {
  count: number;
  onDuplicate: () => void;
  onLock: () => void;
  onDelete: () => void;
}

/** The bar with the buttons for the selected shapes: duplicate, lock, delete. */
export function SelectionBar({ count, onDuplicate, onLock, onDelete }: SelectionBarProps) {
  const withKey = (name: string, key: string) => t("board.withKey", { name, key });
  return (
    <div class="board-chosen" role="toolbar" aria-label={t("board.chosen", { n: count })} data-testid="board-chosen">
      <IconButton
        icon={Copy}
        kind="quiet"
        label={t("board.duplicate")}
        title={withKey(t("board.duplicate"), "Ctrl+D")}
        onClick={onDuplicate}
        data-testid="board-duplicate"
      />
      <IconButton icon={Lock} kind="quiet" label={t("board.lock")} onClick={onLock} data-testid="board-lock" />
      <IconButton
        icon={Trash2}
        kind="quiet"
        label={t("board.delete")}
        title={withKey(t("board.delete"), "Del")}
        onClick={onDelete}
        data-testid="board-delete"
      />
    </div>
  );
}

interface LeadBarProps {
  leader: string;
  leading: boolean;
  onStopFollowing: () => void;
  onStopLeading: () => void;
}

/** Says whose view of the board this person follows, or that others follow this person. Has a button to stop following or
 *  leading. */
export function LeadBar({ leader, leading, onStopFollowing, onStopLeading }: LeadBarProps) {
  if (!leader && !leading) return null;
  return (
    <p class="board-note board-lead" data-testid="board-lead">
      {leading ? t("board.lead.now") : t("board.follow.now", { name: leader })}
      <Button kind="quiet" icon={X} onClick={leading ? onStopLeading : onStopFollowing} data-testid="board-lead-stop">
        {t("board.stop")}
      </Button>
    </p>
  );
}

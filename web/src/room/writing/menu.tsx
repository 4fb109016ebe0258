import { Ellipsis, Languages, Pencil, Reply, Undo2 } from "lucide";
import type { IconNode } from "lucide";
import { useRef, useState } from "preact/hooks";
import { Button, IconButton } from "../../ui/button";
import { t } from "./texts";
import type { Possible } from "./correct";

interface MenuProps {
  /** Returns what the person is allowed to do with the line. Called when the menu opens, because a line can be changed only for
   *  some time after it was written. */
  possible: () => Possible;
  hint: boolean;
  /** Called to show the line's translation; null if the line cannot be translated. */
  onTranslate: (() => void) | null;
  onReply: () => void;
  onEdit: () => void;
  onRetract: () => void;
}

const ROOM = 190; // height that an open menu needs below its button, px

/** The menu of a line: reply, translate, edit, retract. The menu opens above everything else, so that no scrolling box cuts it
 *  off. */
export function LineMenu({ possible, hint, onTranslate, onReply, onEdit, onRetract }: MenuProps) {
  const button = useRef<HTMLDivElement>(null);
  const box = useRef<HTMLDivElement>(null);
  const [open, setOpen] = useState<Possible | null>(null);
  const show = () => {
    if (!button.current || !box.current) return;
    const { top, bottom, left, right } = button.current.getBoundingClientRect();
    const { style } = box.current;
    const over = bottom + ROOM > innerHeight;
    style.inset = `${over ? "auto" : `${bottom}px`} ${left > innerWidth / 2 ? `${innerWidth - right}px` : "auto"} ${over ? `${innerHeight - top}px` : "auto"} ${left > innerWidth / 2 ? "auto" : `${left}px`}`;
    setOpen(possible());
    box.current.showPopover();
    // if the phone is turned, the menu could be outside the page, so it closes
    addEventListener("resize", () => box.current?.hidePopover(), { once: true });
    box.current.querySelector("button")?.focus();
  };
  const choose = (action: () => void) => () => {
    box.current?.hidePopover();
    action();
  };
  const item = (icon: IconNode, text: string, name: string, action: () => void) => (
    <Button kind="quiet" wide icon={icon} onClick={choose(action)} data-testid={`line-${name}`}>
      {text}
    </Button>
  );
  return (
    <div class="line-menu" ref={button}>
      <IconButton
        icon={Ellipsis}
        kind="quiet"
        label={t("more")}
        aria-haspopup="true"
        aria-expanded={open !== null}
        onClick={show}
        data-testid="line-menu"
      />
      <div class="line-menu-box card" popover="auto" ref={box} onToggle={(event) => event.newState === "closed" && setOpen(null)}>
        {open?.reply && item(Reply, t("reply"), "reply", onReply)}
        {open && onTranslate && item(Languages, t("translate"), "translate", onTranslate)}
        {open?.edit && item(Pencil, t("edit"), "edit", onEdit)}
        {open?.retract && item(Undo2, t("unsend"), "retract", onRetract)}
        {open?.retract && hint && <p class="field-hint">{t("unsend.hint")}</p>}
      </div>
    </div>
  );
}

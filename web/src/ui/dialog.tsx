import { X } from "lucide";
import type { ComponentChildren } from "preact";
import { useId, useLayoutEffect, useRef } from "preact/hooks";
import { IconButton } from "./button";

export interface DialogProps {
  title: string;
  closeLabel: string;
  onClose: () => void;
  children: ComponentChildren;
  /** `dialog`: in the middle of the page. `sheet`: from the lower edge, such as the chat on a phone. */
  shape?: "dialog" | "sheet" | "sheet-full";
  class?: string;
  "data-testid"?: string;
}

/** A native modal dialog. The browser keeps the focus inside and restores it afterwards. Escape or a press outside closes the
 *  dialog. */
export function Dialog({ title, closeLabel, onClose, children, shape = "dialog", class: className = "", ...rest }: DialogProps) {
  const element = useRef<HTMLDialogElement>(null);
  const id = useId();
  // Open the dialog before the next frame. Otherwise, a key that is pressed before that would go to the page behind the dialog.
  useLayoutEffect(() => {
    const dialog = element.current;
    if (!dialog) return;
    dialog.showModal();
    return () => dialog.close();
  }, []);
  return (
    <dialog
      ref={element}
      class={`dialog dialog-${shape} ${className}`}
      aria-labelledby={id}
      data-testid={rest["data-testid"]}
      onCancel={(event) => {
        event.preventDefault();
        onClose();
      }}
      onClick={(event) => {
        if (event.target === element.current) onClose();
      }}
    >
      <div class="dialog-box">
        <header class="dialog-head">
          <h2 id={id}>{title}</h2>
          <IconButton icon={X} label={closeLabel} kind="quiet" onClick={onClose} />
        </header>
        <div class="dialog-body">{children}</div>
      </div>
    </dialog>
  );
}

import { X } from "lucide";
import type { ComponentChildren } from "preact";
import { useId, useLayoutEffect, useRef } from "preact/hooks";
import { IconButton } from "./button";

export interface DialogProps {
  title: string;
  closeLabel: string;
  onClose: () => void;
  children: ComponentChildren;
  /** dialog: in the middle; sheet: from the lower edge (a phone's chat or board). */
  shape?: "dialog" | "sheet" | "sheet-full";
  class?: string;
  "data-testid"?: string;
}

/** A native modal dialog: the browser keeps focus inside and gives it back; Escape and the backdrop close it. */
export function Dialog({ title, closeLabel, onClose, children, shape = "dialog", class: className = "", ...rest }: DialogProps) {
  const element = useRef<HTMLDialogElement>(null);
  const id = useId();
  // Opened before the next frame: a key pressed in between would go to the page behind.
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

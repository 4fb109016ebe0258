import { useLayoutEffect, useRef, useState } from "preact/hooks";
import { Button } from "../../ui/button";
import type { KeyPress } from "../compose";
import { t } from "./texts";

interface EditorProps {
  text: string;
  sends: (press: KeyPress) => boolean;
  onSave: (text: string) => void;
  onCancel: () => void;
}

/** Edits the text of a line in the place of the line. Enter saves the new text, Escape keeps the old one. */
export function Editor({ text, sends, onSave, onCancel }: EditorProps) {
  const box = useRef<HTMLTextAreaElement>(null);
  const [next, setNext] = useState(text);
  useLayoutEffect(() => {
    box.current?.focus({ preventScroll: true });
    box.current?.setSelectionRange(text.length, text.length);
    // the chat keeps the reader's place while the line grows, so the box is brought into view after that
    const frame = requestAnimationFrame(() => requestAnimationFrame(() => box.current?.scrollIntoView({ block: "nearest" })));
    return () => cancelAnimationFrame(frame);
  }, []);
  useLayoutEffect(() => {
    if (!box.current) return;
    box.current.style.height = "auto";
    box.current.style.height = `${Math.min(280, box.current.scrollHeight + 2)}px`;
  }, [next]);
  const save = () => {
    const said = next.trim();
    if (said === "") return;
    if (said === text) onCancel();
    else onSave(said);
  };
  return (
    <div class="line-editor">
      <textarea
        ref={box}
        class="input"
        dir="auto"
        value={next}
        aria-label={t("editing")}
        data-testid="line-editor"
        onInput={(event) => setNext(event.currentTarget.value)}
        onKeyDown={(event) => {
          if (event.key === "Escape" && !event.isComposing) {
            event.stopPropagation();
            onCancel();
          }
          if (!sends(event)) return;
          event.preventDefault();
          save();
        }}
      />
      <div class="row">
        <Button kind="quiet" onClick={onCancel}>
          {t("cancel")}
        </Button>
        <Button kind="primary" disabled={next.trim() === ""} onClick={save} data-testid="line-save">
          {t("save")}
        </Button>
      </div>
    </div>
  );
}

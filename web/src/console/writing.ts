import { useEffect, useState } from "preact/hooks";

/** Returns whether the focus is in a field. Typed keys, including Enter, then belong to that field. */
export const isWriting = (): boolean => document.activeElement?.matches("input, textarea, select") ?? false;

export function useWriting(): boolean {
  const [writing, setWriting] = useState(isWriting);
  useEffect(() => {
    const look = () => setWriting(isWriting());
    const left = () => queueMicrotask(look); // look later, because the focus moves only after this event
    look();
    addEventListener("focusin", look);
    addEventListener("focusout", left);
    return () => {
      removeEventListener("focusin", look);
      removeEventListener("focusout", left);
    };
  }, []);
  return writing;
}

import { useEffect, useState } from "preact/hooks";

/** Whether the focus is in a field: what is typed belongs there, and so does Enter. */
export const isWriting = (): boolean => document.activeElement?.matches("input, textarea, select") ?? false;

export function useWriting(): boolean {
  const [writing, setWriting] = useState(isWriting);
  useEffect(() => {
    const look = () => setWriting(isWriting());
    const left = () => queueMicrotask(look); // the focus moves after this event
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

import { useEffect, useRef } from "preact/hooks";
import { actionOf, type Action } from "./logic/keys";

const FIELDS = "input:not([type=checkbox], [type=radio], [type=range]), textarea, select, [contenteditable=true]";
const CONTROLS = "button, a[href], summary, [role=radio]";

/** Listens to the keyboard of the console, and runs the action of each pressed key. */
export function useKeys(actions: Partial<Record<Action, () => void>>): void {
  const current = useRef(actions);
  current.current = actions;
  useEffect(() => {
    const pressed = (event: KeyboardEvent) => {
      const target = event.target instanceof Element ? event.target : null;
      const action = actionOf(event, {
        typing: target?.closest(FIELDS) != null,
        onControl: target?.closest(CONTROLS) != null,
        dialogOpen: document.querySelector("dialog[open]") !== null,
      });
      const run = action === null ? undefined : current.current[action];
      if (run === undefined) return;
      event.preventDefault();
      run();
    };
    addEventListener("keydown", pressed);
    return () => removeEventListener("keydown", pressed);
  }, []);
}

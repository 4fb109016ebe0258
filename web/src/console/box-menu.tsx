/** A menu that opens above the message box while the focus stays in the box. */
import type { ComponentChildren } from "preact";
import { useEffect, useLayoutEffect, useRef } from "preact/hooks";
import { composes } from "../room/compose";
import type { Box } from "../room/composer";

/** Shows a menu above the message box. The menu is in the browser's top layer, so that scrolling panes do not cut it off. */
export function BoxMenu({ box, testid, children }: { box: Box; testid: string; children: ComponentChildren }) {
  const element = useRef<HTMLDivElement>(null);
  useLayoutEffect(() => {
    const made = element.current;
    if (made === null) return;
    made.showPopover();
    const place = () => {
      const frame = box.current?.form?.getBoundingClientRect();
      if (frame === undefined) return;
      made.style.left = `${frame.left + 8}px`;
      made.style.width = `${Math.min(560, frame.width - 16)}px`;
      made.style.bottom = `${innerHeight - frame.top + 4}px`;
      made.style.maxHeight = `${Math.max(120, frame.top - 12)}px`;
    };
    place();
    addEventListener("resize", place);
    return () => removeEventListener("resize", place);
  }, []);
  return (
    // Prevents the browser's default, so that a press on the menu leaves the focus in the message box.
    <div ref={element} class="replies-menu" popover="manual" data-testid={testid} onMouseDown={(event) => event.preventDefault()}>
      {children}
    </div>
  );
}

/** Gives each key press in the message box to `onKey` first. If `onKey` returns true, the box does not get the key. Keys of an
 *  input method (Korean, Japanese, Chinese) go to the box only. */
export function useKeysOf(box: Box, onKey: ((event: KeyboardEvent) => boolean) | null): void {
  const current = useRef(onKey);
  current.current = onKey;
  useEffect(() => {
    const pressed = (event: KeyboardEvent) => {
      if (composes(event) || current.current?.(event) !== true) return;
      event.preventDefault();
      event.stopImmediatePropagation();
    };
    const element = box.current;
    element?.addEventListener("keydown", pressed, true);
    return () => element?.removeEventListener("keydown", pressed, true);
  }, []);
}

/** Tells screen readers which option of a menu is chosen while the focus stays in the message box. */
export function useActive(box: Box, option: string, list: string): void {
  useEffect(() => {
    const element = box.current;
    if (element === null || option === "") return;
    element.setAttribute("aria-controls", list);
    element.setAttribute("aria-activedescendant", option);
    return () => {
      element.removeAttribute("aria-controls");
      element.removeAttribute("aria-activedescendant");
    };
  }, [option]);
}

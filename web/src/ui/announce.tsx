import { createStore, useStore } from "./store";

/** Short messages. Toasts appear at the lower edge of the page, and screen readers read them out. */

export interface Toast {
  id: number;
  text: string;
  kind: "info" | "error";
}

const SHOWN_MS = 6000;
const MOST = 3;

const toasts = createStore<Toast[]>([]);
const spoken = createStore<{ polite: string; assertive: string }>({ polite: "", assertive: "" });
let next = 1;

/** Lets screen readers read `text` out, without showing it. Use "assertive" only for news that cannot wait, such as an incoming
 *  call. */
export function announce(text: string, urgency: "polite" | "assertive" = "polite"): void {
  spoken.update((now) => ({ ...now, [urgency]: now[urgency] === text ? `${text}\u00a0` : text }));
}

/** Shows `text` as a toast, and lets screen readers read it out. If more than three toasts are shown, the oldest toast
 *  disappears. */
export function toast(text: string, kind: Toast["kind"] = "info"): void {
  const id = next++;
  toasts.update((shown) => [...shown, { id, text, kind }].slice(-MOST));
  announce(text);
  setTimeout(() => toasts.update((shown) => shown.filter((one) => one.id !== id)), SHOWN_MS);
}

/** The element that shows toasts and speaks announcements. A page has one such element, near the end of its body. */
export function Announcer() {
  const shown = useStore(toasts);
  const { polite, assertive } = useStore(spoken);
  return (
    <>
      <div class="visually-hidden" aria-live="polite" aria-atomic="true">
        {polite}
      </div>
      <div class="visually-hidden" aria-live="assertive" aria-atomic="true">
        {assertive}
      </div>
      <div class="toasts" aria-hidden="true">
        {shown.map((one) => (
          <div key={one.id} class={`toast toast-${one.kind}`}>
            {one.text}
          </div>
        ))}
      </div>
    </>
  );
}

import { keptHandoff } from "../room/handoff";

/** Tells the service worker which conversation this page shows, when the worker asks (`worker/whose.ts`). The worker then knows
 *  which page to bring to the front after a press on a notification. */
export function answerWhose(): void {
  if (!("serviceWorker" in navigator)) return;
  navigator.serviceWorker.addEventListener("message", ({ data, ports }: MessageEvent) => {
    const said = data as { kind?: unknown } | null;
    if (said?.kind === "sangdam-whose") ports[0]?.postMessage(keptHandoff()?.session ?? "");
  });
}

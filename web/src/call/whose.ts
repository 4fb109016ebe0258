import { keptHandoff } from "../room/handoff";

/** Tells the service worker, when it asks, which conversation this page shows (`worker/whose.ts`). A press on a notification can
 *  then bring the page of that conversation to the front. */
export function answerWhose(): void {
  if (!("serviceWorker" in navigator)) return;
  navigator.serviceWorker.addEventListener("message", ({ data, ports }: MessageEvent) => {
    const said = data as { kind?: unknown } | null;
    if (said?.kind === "sangdam-whose") ports[0]?.postMessage(keptHandoff()?.session ?? "");
  });
}

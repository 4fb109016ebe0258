// The script on the partner's page that shows the page to staff. The widget loads the script when the panel says that the visitor
// has agreed. The script waits for the panel's next message and answers with a port. After that, the panel sends its commands
// over that port.

import { Overlay } from "./overlay";
import { type FromPage, SILENT_MS, type ToPage } from "./protocol";
import { Recorder } from "./recorder";
import { isField, type Mode } from "./rules";

const server = new URL(import.meta.url).origin;
let port: MessagePort | null = null;
let recorder: Recorder | null = null;
let overlay: Overlay | null = null;
let mode: Mode = "strict";
let field: Element | null = null;
let silence: ReturnType<typeof setTimeout> | undefined;

const tell = (message: FromPage) => port?.postMessage(message);

function stopRecorder(): void {
  recorder?.stop();
  recorder = null;
}

function off(): void {
  clearTimeout(silence);
  stopRecorder();
  overlay?.remove();
  overlay = null;
  field = null;
}

function startRecorder(): void {
  recorder = new Recorder(mode, (first, events) => tell({ first, events }));
  recorder.start();
}

/** If the visitor is allowed to show the value of the focused field, displays the button that shows staff this value, or hides
 *  it. */
function follow(): void {
  let active = document.activeElement;
  while (active?.shadowRoot?.activeElement) active = active.shadowRoot.activeElement;
  field = active && isField(active) ? active : null;
  const may = field !== null && recorder !== null && recorder.rules.mayShow(field);
  overlay?.offer(may ? recorder!.rules.shows(field!) : null);
}

function heard(message: ToPage): void {
  clearTimeout(silence);
  silence = setTimeout(off, SILENT_MS);
  if ("off" in message) off();
  else if ("state" in message) {
    const { state } = message;
    overlay ??= new Overlay({
      onStop: () => {
        off();
        tell({ stop: true });
      },
      onField: () => {
        if (!field || !recorder) return;
        recorder.show(field, !recorder.rules.shows(field));
        follow();
      },
      onLink: (url) => location.assign(url),
    });
    overlay.say(state.words, state.seen);
    if (mode !== state.mode) stopRecorder();
    mode = state.mode;
    if (!state.seen) stopRecorder();
    else if (!recorder) startRecorder();
    follow();
  } else if ("snapshot" in message) recorder?.snapshot();
  else if ("pause" in message) recorder?.pause();
  else if ("mark" in message) {
    const box = recorder?.element(message.mark.node)?.getBoundingClientRect();
    if (box) overlay?.mark(message.mark, box);
  } else if ("link" in message) {
    const { url, words, origins } = message.link;
    const { origin, href } = new URL(url);
    if (origin === location.origin || origins.includes(origin)) overlay?.propose(href, words);
  }
}

addEventListener("focusin", follow, true);
addEventListener("focusout", () => setTimeout(follow), true);
addEventListener("message", ({ origin, source, data }: MessageEvent<{ url?: unknown; status?: unknown } | null>) => {
  if (origin !== server || data?.url !== import.meta.url || !source) return;
  const { port1, port2 } = new MessageChannel();
  port?.close();
  off();
  port = port1;
  port1.onmessage = (event: MessageEvent<ToPage>) => heard(event.data);
  (source as Window).postMessage({ page: true }, server, [port2]);
});

import { render } from "preact";
import { awaitHandoff, keepHandoff, keptHandoff, type Handoff, type Mailbox } from "../room/handoff";
import "../ui/tokens.css";
import "../ui/components.css";
import "../room/stage.css";
import "../room/controls.css";
import "../room/chat.css";
import "./call.css";
import "./prepare.css";
import "./waiting.css";
import "./room.css";
import "./phone.css";
import { App, type Start } from "./app";
import { Call } from "./call";
import { whenReady } from "../ui/i18n";
import { exchangeInvite, takeInvite } from "./invite";
import { fetchRareScreens } from "./later";

/** The partner's choice of light or dark, which the panel passes on. */
const theme = new URLSearchParams(location.search).get("theme");
if (theme) document.documentElement.dataset.theme = theme;
const opener = window.opener as Mailbox | null;
const root = document.getElementById("app");
let shown: Start;
const show = (start: Start) => {
  shown = start;
  // `show` can be called again while the texts load, so this renders the newest `shown`
  whenReady(() => root && render(<App start={shown} />, root));
};
let begun = "";

function begin(handoff: Handoff): void {
  if (begun === handoff.session) return;
  begun = handoff.session;
  keepHandoff(handoff);
  history.replaceState(null, ""); // forgets the invite, which works only once
  show(handoff.part === "camera" ? { kind: "camera", handoff } : { kind: "call", call: new Call(handoff, opener) });
}

const kept = keptHandoff();
const invite = takeInvite(location, history);
if (location.hash.startsWith("#push=") || (opener && location.search.includes("notify"))) {
  show({ kind: "waiting" });
  void import("./notifications").then(({ start }) => start(opener, show, begin));
} else if (invite) show({ kind: "invited", invite, onEnter: () => exchangeInvite(invite).then(begin) });
else if (kept) begin(kept);
else if (opener) {
  show({ kind: "waiting" });
  awaitHandoff(opener, { onHandoff: begin, onError: (error) => show({ kind: "error", error }) });
} else show({ kind: "direct" });
fetchRareScreens();

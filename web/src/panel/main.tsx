import type { StartFailure } from "../room/handoff";
import "../ui/tokens.css";
import "../ui/components.css";
import "./panel.css";
import { Bell, BellOff, ChevronDown } from "lucide";
import { render } from "preact";
import { useEffect } from "preact/hooks";
import { Announcer, applyAccent, Button, IconButton, setLocale, useLocale, useStore, whenReady, withTexts } from "../ui";
import { InWindow } from "./elsewhere";
import { lazy, optional } from "../room/lazy";
import { Offer } from "./offer";
import { Panel } from "./panel";
import type { PanelState } from "./state";
import { browser } from "./surroundings";
import { refusalText, t } from "./words";

// delay, ms, before the conversation's part of this program is loaded, so that the greeting can use the network first
const TALK_AFTER_MS = 2000;
const loadTalk = () => withTexts(import("./talk"));
/** The part of this program that shows the conversation. The greeting does not need this part, so it is loaded a little later. */
const Talk = lazy(loadTalk, (module) => module.Talk, { name: "lazy.loading", class: "p-talk" });

const ShownPage = optional(
  () => import("./cobrowse/shown-page"),
  (module) => module.ShownPage,
);

const Thread = lazy(
  () => import("./thread/thread"),
  (module) => module.Thread,
  { name: "lazy.loading", class: "p-talk" },
);

function Loading() {
  return (
    <div class="p-scroll p-skeletons" role="status" aria-busy="true" aria-label={t("loading")}>
      {[1, 2, 3, 4].map((one) => (
        <div key={one} class="skeleton" />
      ))}
    </div>
  );
}

function Broken({ panel, reason }: { panel: Panel; reason: StartFailure }) {
  return (
    <div class="p-scroll p-middle">
      <p class="notice notice-danger" role="alert" data-testid="panel-refusal">
        {refusalText(reason)}
      </p>
      <Button wide onClick={() => void panel.start()}>
        {t("again")}
      </Button>
    </div>
  );
}

function Body({ panel, state }: { panel: Panel; state: PanelState }) {
  const { info, broken, kept, client } = state;
  if (broken) return <Broken panel={panel} reason={broken} />;
  if (!info) return <Loading />;
  if (state.past) return <Thread panel={panel} state={state} />;
  if (kept?.place === "window") return <InWindow panel={panel} state={state} />;
  if (kept && client) return <Talk panel={panel} state={state} client={client} kept={kept} />;
  return <Offer panel={panel} state={state} info={info} />;
}

function App({ panel }: { panel: Panel }) {
  useLocale();
  const state = useStore(panel.state);
  const { info, theme, muted } = state;
  useEffect(() => {
    document.documentElement.dataset.theme = theme;
  }, [theme]);
  useEffect(() => {
    if (!info) return;
    void setLocale(info.language);
    applyAccent(info.site.accent);
    document.title = `${info.site.name} ${t("title")}`;
  }, [info]);
  useEffect(() => {
    const escape = (event: KeyboardEvent) => {
      if (event.key === "Escape" && !event.defaultPrevented && !document.querySelector("dialog[open]")) panel.fold();
    };
    addEventListener("keydown", escape);
    return () => removeEventListener("keydown", escape);
  }, [panel]);
  return (
    <>
      <header class="p-bar">
        {info?.site.logo && <img class="p-logo" src={`/api/logos/${encodeURIComponent(info.site.logo)}`} alt="" />}
        <strong>{info ? info.site.name : t("title")}</strong>
        {state.client && (
          <IconButton
            icon={muted ? BellOff : Bell}
            label={t(muted ? "sound.on" : "sound.off")}
            kind="quiet"
            data-testid="panel-sound"
            onClick={() => panel.mute(!muted)}
          />
        )}
        <IconButton icon={ChevronDown} label={t("fold")} kind="quiet" data-testid="panel-fold" onClick={() => panel.fold()} />
      </header>
      {info?.cobrowse && state.kept && !state.ended && (
        <ShownPage key={state.kept.session} panel={panel} kept={state.kept} client={state.client} />
      )}
      <main>
        <Body panel={panel} state={state} />
      </main>
      <Announcer />
    </>
  );
}

const panel = new Panel(browser());
void panel.start();
setTimeout(() => void loadTalk().catch(() => undefined), TALK_AFTER_MS); // if this fails, `Talk` loads the code when it is needed
whenReady(() => render(<App panel={panel} />, document.getElementById("app")!));

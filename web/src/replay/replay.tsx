import { Clapperboard } from "lucide";
import { useState } from "preact/hooks";
import { Button, useLocale, withTexts } from "../ui";
import type { Recording } from "./api";
import { t } from "./texts";

type Loaded =
  | { kind: "no" }
  | { kind: "loading" }
  | { kind: "failed" }
  | { kind: "here"; recording: Recording; module: typeof import("./player") };

/** Offers a session's recording. A press loads the player and the recording, and the server writes an audit entry. */
export function Replay({ session }: { session: string }) {
  useLocale();
  const [loaded, setLoaded] = useState<Loaded>({ kind: "no" });
  const load = () => {
    setLoaded({ kind: "loading" });
    const parts = Promise.all([import("./api").then((api) => api.recording(session)), withTexts(import("./player"))]);
    parts.then(
      ([recording, module]) => setLoaded({ kind: "here", recording, module }),
      () => setLoaded({ kind: "failed" }),
    );
  };
  if (loaded.kind === "here") return <loaded.module.Player recording={loaded.recording} />;
  return (
    <div class="row">
      {loaded.kind === "failed" && <p role="alert">{t("failed")}</p>}
      <Button icon={Clapperboard} busy={loaded.kind === "loading"} onClick={load} data-testid="replay-open">
        {t(loaded.kind === "failed" ? "again" : "open")}
      </Button>
      <p class="dim">{t("open.hint")}</p>
    </div>
  );
}

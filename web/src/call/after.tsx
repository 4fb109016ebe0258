import { Download, House, Star, Trash2 } from "lucide";
import { useEffect, useRef, useState } from "preact/hooks";
import type { EndReason, SessionView } from "../messages";
import { RequestError } from "../room/connection";
import { PictureError } from "../room/pictures";
import { answerRecording } from "../room/recording-bar";
import { toast } from "../ui/announce";
import { Button } from "../ui/button";
import { Dialog } from "../ui/dialog";
import type { OneOf } from "../ui/one-of";
import { TextArea } from "../ui/field";
import { Icon } from "../ui/icon";
import { saveAs } from "../ui/save-as";
import { CopyByMail } from "../room/reach/mail-me";
import { transcriptPath } from "../room/transcript";
import type { Call } from "./call";
import { isRareKey, t, type RareKey } from "./rare/words";
import "./after.css";

const STARS = [1, 2, 3, 4, 5];

/** End reasons that this screen never shows. With `unserved`, the visitor has left a message and sees another screen. The reason
 *  `wrapped_up` comes only after the visitor's session has ended for another reason, and this screen shows that other reason. */
type Unseen = OneOf<EndReason, "unserved" | "wrapped_up">;

/** The screen after a call: why the call ended, a rating in two taps, and a copy of the conversation to keep. */
export function After({ call, session }: { call: Call; session: SessionView }) {
  const talked = session.active_at !== null;
  const reason: RareKey = `after.ended.${session.end_reason as Exclude<EndReason, Unseen>}`;
  return (
    <div class="after card">
      <header>
        {talked && <h1>{t("after.title")}</h1>}
        <p class={talked ? "after-reason" : "after-reason after-reason-large"}>
          {t(isRareKey(reason) ? reason : "after.ended.other")}
        </p>
      </header>
      {talked && <Rating call={call} rated={session.rated} />}
      <Recorded call={call} session={session} />
      <div class="buttons">
        {talked && <Copy call={call} />}
        {session.site.home_url && (
          <a class="button button-plain" href={session.site.home_url}>
            <Icon node={House} />
            {t("home", { site: session.site.name })}
          </a>
        )}
      </div>
      {talked && <CopyByMail session={session} token={call.handoff.token} />}
      <p class="field-hint">{t("after.closeWindow")}</p>
    </div>
  );
}

/** Lets the visitor withdraw their consent to the recording, after the conversation, or while a conversation that was a call goes
 *  on as text. This works only while the page still has the session's token. */
export function Recorded({ call, session }: { call: Call; session: SessionView }) {
  const [asking, setAsking] = useState(false);
  const over = session.state !== "active";
  const kept = session.recording?.kept === true;
  const was = useRef(kept);
  was.current ||= kept;
  if (!was.current) return null;
  if (!kept) return <p class="notice">{t("after.recording.deleted")}</p>;
  return (
    <div class="after-recorded" data-testid="after-recording">
      {over && <p>{t("after.recording")}</p>}
      <div class="buttons">
        {over && <CopyOfRecording call={call} />}
        <Button icon={Trash2} onClick={() => setAsking(true)} data-testid="recording-delete">
          {t("after.recording.delete")}
        </Button>
      </div>
      {asking && (
        <Dialog title={t("after.recording.delete")} closeLabel={t("after.recording.keep")} onClose={() => setAsking(false)}>
          <p>{t("after.recording.text")}</p>
          <div class="buttons buttons-end">
            <Button onClick={() => setAsking(false)}>{t("after.recording.keep")}</Button>
            <Button
              kind="danger"
              data-testid="recording-delete-confirm"
              onClick={() => {
                setAsking(false);
                void answerRecording(call.client, session.id, false);
              }}
            >
              {t("after.recording.delete")}
            </Button>
          </div>
        </Dialog>
      )}
    </div>
  );
}

/** The rating. A tap on a star sends the rating at once; the visitor can then add words. */
function Rating({ call, rated }: { call: Call; rated: boolean }) {
  const [score, setScore] = useState(0);
  const [words, setWords] = useState("");
  const [sent, setSent] = useState(false);
  const rate = async (stars: number, said: string) => {
    try {
      await call.client.connection.request({ type: "rate", session: call.session, score: stars, words: said });
      setSent(said !== "");
    } catch (error) {
      if (!(error instanceof RequestError)) throw error;
      toast(t("after.rateFailed"), "error");
    }
  };
  const tap = (stars: number) => {
    setScore(stars);
    void rate(stars, words.trim());
  };
  if (sent || (rated && score === 0)) return <p class="notice notice-ok">{t("after.rated")}</p>;
  return (
    <form
      class="rating"
      onSubmit={(event) => {
        event.preventDefault();
        void rate(score, words.trim());
      }}
    >
      <fieldset class="stars">
        <legend>{t("after.rate")}</legend>
        {STARS.map((n) => (
          <label key={n} class={n <= score ? "star star-lit" : "star"} data-testid={`rate-${n}`}>
            <input
              type="radio"
              name="score"
              class="visually-hidden"
              value={n}
              checked={n === score}
              onChange={() => tap(n)}
              aria-label={t("after.stars", { n })}
            />
            <Icon node={Star} size={36} />
          </label>
        ))}
      </fieldset>
      {score > 0 && (
        <>
          {rated && (
            <p class="notice notice-ok" role="status" data-testid="rated">
              {t("after.rated")}
            </p>
          )}
          <TextArea
            label={t("after.words")}
            value={words}
            maxLength={2000}
            onInput={(event) => setWords(event.currentTarget.value)}
            data-testid="rate-words"
          />
          <Button type="submit" disabled={!words.trim()} data-testid="rate-send">
            {t("after.send")}
          </Button>
        </>
      )}
    </form>
  );
}

function Copy({ call }: { call: Call }) {
  const download = async () => {
    try {
      saveAs(await call.pictures.blob(transcriptPath(call.session)), "conversation.html");
    } catch (error) {
      if (!(error instanceof PictureError)) throw error;
      toast(t("after.copyFailed"), "error");
    }
  };
  return (
    <Button icon={Download} onClick={() => void download()} data-testid="transcript">
      {t("after.copy")}
    </Button>
  );
}

/** A button that downloads the visitor's copy of the recording. The server first makes the file, which takes a while. */
function CopyOfRecording({ call }: { call: Call }) {
  const [words, setWords] = useState<string | null>(null);
  const here = useRef(true);
  useEffect(() => () => void (here.current = false), []);
  const download = async () => {
    const path = `/api/sessions/${encodeURIComponent(call.session)}/recording`;
    try {
      let copy = await call.pictures.json<RecordingCopy>(path, "POST");
      while (copy.state === "making" && here.current) {
        setWords(t("after.recording.making", { percent: copy.percent }));
        await new Promise((done) => setTimeout(done, ASK_EVERY_MS));
        copy = await call.pictures.json<RecordingCopy>(path);
      }
      if (!here.current) return;
      if (copy.state !== "ready") throw new PictureError("failed", "");
      setWords(t("after.recording.fetching"));
      saveAs(await call.pictures.blob(`${path}/file`), "recording.webm");
    } catch (error) {
      if (!(error instanceof PictureError)) throw error;
      if (here.current) toast(t("after.recording.copyFailed"), "error");
    } finally {
      setWords(null);
    }
  };
  return (
    <Button icon={Download} busy={words !== null} onClick={() => void download()} data-testid="recording-copy">
      {words ?? t("after.recording.copy")}
    </Button>
  );
}

interface RecordingCopy {
  state: "none" | "making" | "ready" | "failed";
  percent: number;
}

const ASK_EVERY_MS = 1000;

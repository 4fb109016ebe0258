import { useEffect, useLayoutEffect, useRef, useState } from "preact/hooks";
import type { Line, MentionOut, ReadingAlong } from "../../messages";
import { Transcript } from "../../replay/transcript";
import type { Client } from "../../room/client";
import { nameOf } from "../../staff/names";
import { sentence } from "../../staff/refusals";
import { t } from "../../staff/texts";
import { Button, Dialog, useStore } from "../../ui";
import { followed } from "./mentions";

const NO_LINES: Line[] = [];

type End = ReadingAlong["reason"] | "refused" | "";

/** A dialog in which a member of staff reads along in a colleague's conversation, after the colleague has mentioned them
 *  there. */
export function ReadAlong({ client }: { client: Client }) {
  const mention = useStore(followed);
  return mention === null ? null : <Conversation key={mention.session} client={client} mention={mention} />;
}

function Conversation({ client, mention }: { client: Client; mention: MentionOut }) {
  const { session } = mention;
  const lines = useStore(client.state, (state) => state.lines[session] ?? NO_LINES);
  const older = useStore(client.state, (state) => (state.older[session] ?? 0) > 0);
  const { end, why } = useReading(client, session);
  return (
    <Dialog
      title={`${nameOf({ name: mention.user })} · ${mention.category}`}
      closeLabel={t("close")}
      onClose={() => followed.set(null)}
      class="person-conversation read-along"
      data-testid="read-along"
    >
      <div class="stack">
        <p class="notice" role="status">
          {end === "" ? t("mention.lead") : end === "refused" ? why : t(`mention.over.${end}`)}
        </p>
        {older && end === "" && (
          <Button kind="quiet" onClick={() => void client.older(session)}>
            {t("mention.older")}
          </Button>
        )}
        {(lines.length > 0 || end === "") && <Transcript lines={lines} />}
        <Bottom newest={lines.at(-1)?.seq ?? 0} />
      </div>
    </Dialog>
  );
}

/** Asks the server to let me read along in a conversation, until the component is removed. Asks again after a reconnect. */
function useReading(client: Client, session: string): { end: End; why: string } {
  const status = useStore(client.state, (state) => state.status);
  const [end, setEnd] = useState<{ end: End; why: string }>({ end: "", why: "" });
  useEffect(
    () =>
      client.onMessage((message) => {
        if (message.type === "reading_along" && message.session === session) setEnd({ end: message.reason, why: "" });
      }),
    [session],
  );
  useEffect(() => {
    if (status !== "open") return;
    void (async () => {
      try {
        await client.connection.request({ type: "read_along", session, on: true });
        await client.connection.request({ type: "lines", session, before: 0 });
        setEnd({ end: "", why: "" });
      } catch (error) {
        if (client.state.get().status === "open") setEnd({ end: "refused", why: sentence(error) });
      }
    })();
  }, [status, session]);
  useEffect(() => () => void client.connection.send({ type: "read_along", session, on: false }), [session]);
  return end;
}

/** Scrolls to every new line, unless the reader has scrolled up. */
function Bottom({ newest }: { newest: number }) {
  const mark = useRef<HTMLDivElement>(null);
  const first = useRef(true);
  useLayoutEffect(() => {
    const box = mark.current?.closest("dialog, .dialog-body");
    const near = box && box.scrollHeight - box.scrollTop - box.clientHeight < 240;
    if (newest > 0 && (first.current || near)) mark.current?.scrollIntoView({ block: "end" });
    if (newest > 0) first.current = false;
  }, [newest]);
  return <div ref={mark} />;
}

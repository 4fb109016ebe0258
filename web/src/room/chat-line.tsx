import { ImageOff } from "lucide";
import { useEffect, useState } from "preact/hooks";
import type { Line } from "../messages";
import { Button } from "../ui/button";
import { Dialog } from "../ui/dialog";
import { Icon } from "../ui/icon";
import { lineFailure } from "./failures";
import { LineText } from "./line-text";
import type { Pictures } from "./pictures";
import { FileLine } from "./sharing";
import type { OutLine } from "./state";
import { clock, nameAndRole, nameOf, systemText, t } from "./words";

export interface ChatLineProps {
  line: Line;
  own: boolean;
  /** Whether the line begins a group: author and time are then shown. */
  first: boolean;
  pictures: Pictures;
}

export function ChatLine({ line, own, first, pictures }: ChatLineProps) {
  if (line.kind === "system" || line.role === "system") {
    const text = systemText(line);
    return text === null ? null : (
      <div class="chat-system" data-testid="chat-line" data-kind="system">
        {text}
      </div>
    );
  }
  const author = own ? t("you") : nameAndRole({ name: line.name, role: line.role });
  return (
    <div
      class={`chat-line ${own ? "chat-line-own" : ""} ${first ? "chat-line-first" : ""} ${line.audience === "staff" ? "chat-line-staff" : ""}`}
      data-testid="chat-line"
      data-kind={line.kind}
      data-role={line.role}
      data-audience={line.audience}
    >
      {first ? (
        <div class="chat-author">
          <strong dir="auto">{author}</strong>
          {line.audience === "staff" && <span class="pill pill-help">{t("chat.staffOnly")}</span>}
          <time dateTime={new Date(line.at).toISOString()}>{clock(line.at)}</time>
        </div>
      ) : (
        <span class="visually-hidden">{author}: </span>
      )}
      {line.kind === "picture" ? (
        <LinePicture picture={line.picture} pictures={pictures} label={t("chat.pictureBy", { name: nameOf(line) })} />
      ) : line.kind === "file" ? (
        <FileLine line={line} pictures={pictures} />
      ) : (
        <div class="chat-text" dir="auto">
          <LineText text={line.text} />
        </div>
      )}
    </div>
  );
}

/** An own line that is being sent, or was refused. */
export function OutgoingLine({ line, pictures, onDismiss }: { line: OutLine; pictures: Pictures; onDismiss: () => void }) {
  return (
    <div
      class={`chat-line chat-line-own chat-line-first ${line.refused ? "chat-line-refused" : "chat-line-sending"}`}
      data-testid="chat-line"
      data-state={line.refused ? "refused" : "sending"}
    >
      {line.kind === "picture" ? (
        <LinePicture picture={line.picture} pictures={pictures} label={t("chat.pictureBy", { name: t("you") })} />
      ) : (
        <div class="chat-text" dir="auto">
          <LineText text={line.text} />
        </div>
      )}
      {line.refused ? (
        <div class="chat-refused" role="alert">
          {t("chat.refused", { reason: lineFailure(line.refused) })}
          <Button kind="quiet" onClick={onDismiss}>
            {t("chat.dismiss")}
          </Button>
        </div>
      ) : (
        <div class="chat-state">{t("chat.sending")}</div>
      )}
    </div>
  );
}

/** Returns a picture's blob: address; undefined while it loads, null when it is not available. */
export function usePicture(pictures: Pictures, picture: string): string | null | undefined {
  const [url, setUrl] = useState<string | null | undefined>(undefined);
  useEffect(() => {
    let wanted = true;
    setUrl(undefined);
    if (picture === "") return;
    pictures.url(picture).then(
      (loaded) => wanted && setUrl(loaded),
      () => wanted && setUrl(null),
    );
    return () => {
      wanted = false;
    };
  }, [pictures, picture]);
  return url;
}

function LinePicture({ picture, pictures, label }: { picture: string; pictures: Pictures; label: string }) {
  const url = usePicture(pictures, picture);
  const [large, setLarge] = useState(false);
  if (url === undefined) return <div class="chat-picture-loading skeleton" />;
  if (url === null) {
    return (
      <div class="chat-text chat-picture-gone">
        <Icon node={ImageOff} /> {t("chat.pictureGone")}
      </div>
    );
  }
  return (
    <>
      <button type="button" class="chat-picture" onClick={() => setLarge(true)} aria-label={label}>
        <img src={url} alt={label} />
      </button>
      {large && (
        <Dialog title={label} closeLabel={t("close")} onClose={() => setLarge(false)} class="picture-dialog">
          <img src={url} alt={label} />
        </Dialog>
      )}
    </>
  );
}

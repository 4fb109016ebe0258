import { Pencil, Plus, Trash2 } from "lucide";
import { useEffect, useState } from "preact/hooks";
import { Button, IconButton, toast, useLocale } from "../../ui";
import { languageName } from "../format";
import { sentence } from "../refusals";
import { t as words } from "../texts";
import type { NewReply, ReplyShelf, SavedReply } from "./api";
import { ReplyEditor } from "./editor";
import { ReplyThumbs } from "./thumbs";
import { t } from "./texts";

interface ListProps {
  shelf: ReplyShelf;
  /** The languages that a reply can have, besides "any". */
  languages: string[];
}

type Edited = NewReply & Pick<SavedReply, "pictures">;

/** Lists saved replies, and opens the editor for one of them. */
export function ReplyList({ shelf, languages }: ListProps) {
  const [replies, setReplies] = useState<SavedReply[] | null>(null);
  const [edited, setEdited] = useState<Edited | null>(null);
  const [removing, setRemoving] = useState("");
  const load = () => shelf.all().then(setReplies, (error: unknown) => toast(sentence(error), "error"));
  useEffect(() => void load(), []);
  if (replies === null) return <div class="skeleton replies-loading" role="status" aria-label={t("title")} />;
  if (edited !== null) {
    return (
      <ReplyEditor
        reply={edited}
        languages={[...new Set([...languages, ...replies.map((one) => one.language).filter((one) => one !== "")])]}
        shelf={shelf}
        onSaved={async () => {
          await load();
          setEdited(null);
        }}
        onCancel={() => setEdited(null)}
      />
    );
  }
  const remove = async (reply: SavedReply) => {
    try {
      await shelf.remove(reply.id);
      await load();
      setRemoving("");
    } catch (error) {
      toast(sentence(error), "error");
    }
  };
  return (
    <div class="stack">
      {replies.length === 0 && <p class="dim">{t("found.empty")}</p>}
      <ul class="replies-list">
        {replies.map((reply) => (
          <li key={reply.id} data-testid="reply">
            {removing === reply.id ? (
              <div class="replies-sure" role="alert">
                <p>{t("remove.sure", { title: reply.title })}</p>
                <Button kind="quiet" onClick={() => setRemoving("")}>
                  {words("cancel")}
                </Button>
                <Button kind="danger" onClick={() => void remove(reply)} data-testid="reply-remove-yes">
                  {t("remove.yes")}
                </Button>
              </div>
            ) : (
              <Item reply={reply} onEdit={() => setEdited(reply)} onRemove={() => setRemoving(reply.id)} />
            )}
          </li>
        ))}
      </ul>
      <Button
        class="replies-add"
        icon={Plus}
        onClick={() =>
          setEdited({ id: "", language: languages.length === 1 ? (languages[0] ?? "") : "", title: "", text: "", pictures: [] })
        }
        data-testid="reply-add"
      >
        {t("add")}
      </Button>
    </div>
  );
}

function Item({ reply, onEdit, onRemove }: { reply: SavedReply; onEdit: () => void; onRemove: () => void }) {
  const locale = useLocale();
  return (
    <>
      <div class="replies-what">
        <p>
          <strong dir="auto">{reply.title}</strong>{" "}
          <span class="pill">{reply.language === "" ? t("field.language.any") : languageName(reply.language, locale)}</span>{" "}
          {reply.uses > 0 && <span class="dim">{t("uses", { n: reply.uses })}</span>}
        </p>
        <p class="dim replies-text" dir="auto">
          {reply.text}
        </p>
        <ReplyThumbs pictures={reply.pictures} />
      </div>
      <IconButton
        icon={Pencil}
        kind="quiet"
        label={t("edit", { title: reply.title })}
        data-testid="reply-edit"
        onClick={onEdit}
      />
      <IconButton
        icon={Trash2}
        kind="quiet"
        label={t("remove", { title: reply.title })}
        data-testid="reply-remove"
        onClick={onRemove}
      />
    </>
  );
}

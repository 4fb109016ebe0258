import { ownReplies } from "../../staff/replies/api";
import { ReplyList } from "../../staff/replies/list";
import { t } from "../../staff/replies/texts";
import { t as shared } from "../../staff/texts";
import { createStore, Dialog, useStore } from "../../ui";

const open = createStore(false);

export const editOwnReplies = () => open.set(true);

/** The dialog with my private replies. The dialog is outside the message box, because that box is a form and a form cannot
 *  contain another form. */
export function OwnReplies({ language }: { language: string }) {
  if (!useStore(open)) return null;
  return (
    <Dialog title={t("title.own")} closeLabel={shared("close")} onClose={() => open.set(false)} data-testid="own-replies">
      <div class="stack">
        <p class="dim">{t("lead.own")}</p>
        <ReplyList shelf={ownReplies} languages={[language]} />
      </div>
    </Dialog>
  );
}

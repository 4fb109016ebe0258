import { Zap } from "lucide";
import type { Audience, SessionView, StaffMe } from "../../messages";
import type { Client } from "../../room/client";
import type { Box, ComposerAid } from "../../room/composer";
import { ProvenanceBadge } from "../../staff/brief";
import { t } from "../../staff/replies/texts";
import { settled, unsettled, valuesOf, type Unsettled, type Values } from "../../staff/replies/variables";
import { Button, IconButton } from "../../ui";
import { write } from "../message-box";
import { carry, CarriedPictures, sendCarried } from "./carried";
import { ReplyMenu } from "./menu";
import { editOwnReplies } from "./own-replies";

/** Returns the parts by which saved replies extend a session's message box: elements above and beside it, a function to call
 *  after sending, and a function that says whether the text still has gaps to fill. */
export function savedReplies(client: Client, session: SessionView, me: StaffMe, to: Audience): Omit<ComposerAid, "mentions"> {
  const values = valuesOf(session.brief, me.name);
  return {
    above: (box, text) => (
      <>
        <ReplyMenu
          {...{ box, text, values }}
          site={session.site.id}
          language={session.language}
          onInsert={(reply) => carry(session.id, reply)}
          onManage={editOwnReplies}
        />
        <Pending {...{ box, text, values }} />
        <CarriedPictures client={client} session={session.id} to={to} />
      </>
    ),
    beside: (box) => (
      <IconButton icon={Zap} kind="quiet" label={t("open")} data-testid="replies-open" onClick={() => beginSearch(box)} />
    ),
    sent: () => void sendCarried(client, session.id, to),
    holds: (text) => unsettled(text, values).length > 0,
  };
}

function beginSearch(box: Box): void {
  const element = box.current;
  if (element === null) return;
  const before = element.value.slice(0, element.selectionStart);
  write(element, before.length, element.selectionEnd, before === "" || /\s$/.test(before) ? "/" : " /");
}

/** Lists the variables in a line's text whose value the page does not know for sure. The line can be sent only after the
 *  counselor has filled in or removed each of them. */
function Pending({ box, text, values }: { box: Box; text: string; values: Values }) {
  const left = unsettled(text, values);
  if (left.length === 0) return null;
  const settle = ({ variable }: Unsettled, words: string) => {
    const element = box.current;
    if (element !== null) write(element, 0, element.value.length, settled(element.value, variable, words));
  };
  return (
    <section class="replies-pending" role="status" aria-label={t("unsettled")} data-testid="replies-pending">
      <p>{t("unsettled")}</p>
      {left.map((one) => (
        <div key={one.variable} class="row" data-testid={`pending-${one.variable}`}>
          <strong>{t(`variable.${one.variable}`)}</strong>
          {one.value !== null && <ProvenanceBadge provenance={one.value.provenance} />}
          <span class="replies-known" dir="auto">
            {one.value === null
              ? t("unsettled.unknown")
              : t(one.value.provenance === "claimed" ? "unsettled.claimed" : "unsettled.known", { value: one.value.text })}
          </span>
          {one.value !== null && (
            <Button onClick={() => settle(one, one.value?.text ?? "")} data-testid="pending-use">
              {t("unsettled.use")}
            </Button>
          )}
          <Button kind="quiet" onClick={() => settle(one, "")} data-testid="pending-drop">
            {t("unsettled.drop")}
          </Button>
        </div>
      ))}
    </section>
  );
}

import { SendHorizontal } from "lucide";
import type { Audience } from "../../messages";
import type { Client } from "../../room/client";
import { sentence } from "../../staff/refusals";
import { MOST_PICTURES, pictureAddress, sharePicture, type SavedReply } from "../../staff/replies/api";
import { Thumb } from "../../staff/replies/pictures";
import { t } from "../../staff/replies/texts";
import { Button, createStore, toast, useStore } from "../../ui";
import { dropped, readCarried, withPictures, type Carried } from "./carried-pictures";

const KEY = "sangdam.carried";
const NONE: string[] = [];

/** Session → the pictures of saved replies that the person has inserted. They are sent after the text, and survive a reload of
 *  the page, as drafts do. */
const carried = createStore<Carried>(readCarried(sessionStorage.getItem(KEY)));
carried.subscribe(() => sessionStorage.setItem(KEY, JSON.stringify(carried.get())));

/** Attaches the pictures of a saved reply to the text that the person is writing in a session. */
export const carry = (session: string, reply: SavedReply): void =>
  carried.update((all) => withPictures(all, session, reply.pictures, 2 * MOST_PICTURES));

/** Sends the attached pictures as lines. A picture that is refused stays attached. */
export async function sendCarried(client: Client, session: string, to: Audience): Promise<void> {
  for (const picture of carried.get()[session] ?? NONE) {
    carried.update((all) => dropped(all, session, picture));
    try {
      client.sendLine({ session, kind: "picture", picture: await sharePicture(session, picture, to), audience: to });
    } catch (error) {
      toast(sentence(error), "error");
      carried.update((all) => withPictures(all, session, [picture], 2 * MOST_PICTURES));
    }
  }
}

/** Shows the attached pictures above the message box, with buttons to remove them. */
export function CarriedPictures({ client, session, to }: { client: Client; session: string; to: Audience }) {
  const pictures = useStore(carried, (all) => all[session] ?? NONE);
  if (pictures.length === 0) return null;
  return (
    <section class="reply-pictures" aria-label={t("pictures")} data-testid="carried">
      {pictures.map((id) => (
        <Thumb key={id} src={pictureAddress(id)} onRemove={() => carried.update((all) => dropped(all, session, id))} />
      ))}
      <Button kind="quiet" icon={SendHorizontal} onClick={() => void sendCarried(client, session, to)}>
        {t("pictures.send")}
      </Button>
    </section>
  );
}

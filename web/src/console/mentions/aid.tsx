import type { SessionView, StaffMe } from "../../messages";
import type { Client } from "../../room/client";
import type { AudienceChoice, ComposerAid } from "../../room/composer";
import { savedReplies } from "../replies/saved-replies";
import { mentionsIn } from "./colleagues";
import { MentionMenu } from "./menu";

/** Returns what the console adds to the message box: saved replies, and mentions of colleagues by "@". */
export function deskAid(client: Client, session: SessionView, me: StaffMe, audience: AudienceChoice): ComposerAid {
  const replies = savedReplies(client, session, me, audience.value);
  return {
    ...replies,
    above: (box, text) => (
      <>
        {replies.above(box, text)}
        <MentionMenu {...{ client, box, text, audience }} session={session.id} />
      </>
    ),
    mentions: (text) => mentionsIn(session.id, text),
  };
}

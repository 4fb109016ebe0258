import { AtSign, X } from "lucide";
import { useEffect, useRef } from "preact/hooks";
import type { MentionOut } from "../../messages";
import { nameOf } from "../../staff/names";
import { prefs } from "../../staff/prefs";
import { t } from "../../staff/texts";
import { announce, Button, createStore, Icon, IconButton, useStore } from "../../ui";
import { ringer } from "../alerts";
import { pitchOf } from "../logic/news";
import { notify } from "../notify";
import { without, type Inbox } from "./inbox";

/** The mention whose conversation this person has opened to read along; null for none. */
export const followed = createStore<MentionOut | null>(null);

/** Lists the conversations in which a colleague has mentioned this member of staff. */
export function Mentions({ inbox }: { inbox: Inbox }) {
  const mentions = useStore(inbox);
  useAnnounced(mentions);
  if (mentions.length === 0) return null;
  const drop = (one: MentionOut) => inbox.update((known) => without(known, one.session));
  const follow = (one: MentionOut) => {
    followed.set(one);
    drop(one);
  };
  return (
    <section class="lane-part" data-testid="mentions-of-me">
      <h2>
        {t("mention.of_me")} <span class="count count-warn">{mentions.length}</span>
      </h2>
      <ul>
        {mentions.map((one) => (
          <li key={one.session} class="mention">
            <Icon node={AtSign} size={16} />
            <span class="lane-text">
              <strong dir="auto">{one.by}</strong>
              <span class="dim">
                <bdi>{nameOf({ name: one.user })}</bdi> · {one.category}
              </span>
            </span>
            <Button onClick={() => follow(one)} data-testid="mention-read">
              {t("mention.read")}
            </Button>
            <IconButton icon={X} kind="quiet" label={t("mention.dismiss")} onClick={() => drop(one)} />
          </li>
        ))}
      </ul>
    </section>
  );
}

/** Announces a new mention to screen readers; and by sound and notification, if the person has turned these on for new lines. */
function useAnnounced(mentions: MentionOut[]): void {
  const { ringVolume, ringMuted, newSound, newNotify } = useStore(prefs);
  const told = useRef(new Set<string>());
  useEffect(() => {
    for (const one of mentions) {
      const id = `${one.session}/${one.seq}`;
      if (told.current.has(id)) continue;
      told.current.add(id);
      const words = t("mention.told", { by: one.by });
      announce(words);
      if (newSound && !ringMuted) ringer.note(ringVolume, pitchOf(one.session));
      if (newNotify) notify(words, `${nameOf({ name: one.user })} · ${one.category}`, `mention.${one.session}`);
    }
  }, [mentions]);
}

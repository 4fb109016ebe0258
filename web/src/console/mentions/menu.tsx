import { useEffect, useId, useState } from "preact/hooks";
import type { Client } from "../../room/client";
import type { AudienceChoice, Box } from "../../room/composer";
import { roleName } from "../../staff/names";
import { t } from "../../staff/texts";
import { Button, useStore } from "../../ui";
import { BoxMenu, useActive, useKeysOf } from "../box-menu";
import { useCaret, write } from "../message-box";
import { colleagues, fetchColleagues } from "./colleagues";
import { atCaret, matching } from "./search";

interface MenuProps {
  client: Client;
  session: string;
  box: Box;
  text: string;
  audience: AudienceChoice;
}

/** The list of colleagues that "@" opens. If the visitor would read the line, the list instead offers to write the line to
 *  staff only. */
export function MentionMenu({ client, session, box, text, audience }: MenuProps) {
  const caret = useCaret(box);
  const at = caret < 0 ? null : atCaret(text, caret);
  const people = useStore(colleagues, (known) => known[session]);
  const [closedAt, setClosedAt] = useState(-1); // position of the "@" whose menu the person closed with Escape
  const [chosen, setChosen] = useState(0);
  const names = text.includes("@");
  const staff = audience.value === "staff";
  const id = useId();
  useEffect(() => {
    if (names) void fetchColleagues(client, session);
  }, [session, names, at?.from]);
  useEffect(() => {
    setChosen(0);
    if (at === null) setClosedAt(-1);
  }, [at?.from, at?.query]);
  const results = at === null ? [] : matching(people ?? [], at.query);
  const offered = staff || audience.options.includes("staff");
  // A query with spaces that matches nobody is probably a part of the sentence and not a name, so it closes the menu.
  const open =
    at !== null && at.from !== closedAt && offered && people !== undefined && (results.length > 0 || /^\S*$/.test(at.query));
  const insert = (name: string) => {
    if (box.current !== null && at !== null) write(box.current, at.from, caret, `@${name} `);
  };
  const onKey = (event: KeyboardEvent): boolean => {
    const picks = event.key === "Enter" || event.key === "Tab";
    if (event.key === "Escape") setClosedAt(at?.from ?? -1);
    else if (!staff || results.length === 0) return false;
    else if (event.key === "ArrowDown") setChosen((chosen + 1) % results.length);
    else if (event.key === "ArrowUp") setChosen((chosen + results.length - 1) % results.length);
    else if (picks && !event.shiftKey && results[chosen]) insert(results[chosen].name);
    else return false;
    return true;
  };
  useKeysOf(box, open ? onKey : null);
  useActive(box, open && staff && results.length > 0 ? `${id}-${chosen}` : "", id);
  if (!open || (!staff && results.length === 0)) return null;
  return (
    <BoxMenu box={box} testid="mentions">
      {staff ? (
        <ul class="replies-found" role="listbox" id={id} aria-label={t("mention.list")}>
          {results.map((one, n) => (
            <li
              key={one.id}
              id={`${id}-${n}`}
              role="option"
              aria-selected={n === chosen}
              onClick={() => insert(one.name)}
              data-testid="mention-option"
            >
              <strong dir="auto">{one.name}</strong>{" "}
              <span class="dim">
                {roleName(one.role)} · {t(`state.${one.state}`)}
              </span>
            </li>
          ))}
        </ul>
      ) : (
        <div class="mention-hint" role="status">
          <p>{t("mention.visitor")}</p>
          <Button onClick={() => audience.onChange("staff")} data-testid="mention-staff">
            {t("mention.to_staff")}
          </Button>
        </div>
      )}
      {staff && results.length === 0 && (
        <p class="replies-none dim" role="status">
          {t("mention.none")}
        </p>
      )}
    </BoxMenu>
  );
}

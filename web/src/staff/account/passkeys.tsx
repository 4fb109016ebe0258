import { KeyRound, Pencil, Trash2 } from "lucide";
import { useState } from "preact/hooks";
import { Button, Field, Icon, IconButton, toast, useLocale } from "../../ui";
import { dateTime } from "../format";
import { removePasskey, renamePasskey, type PasskeyItem } from "./api";
import { addPasskey, hasPasskeys, isKnown, wasStopped } from "./passkey";
import { Prove } from "./prove";
import { explain, isRefused } from "./refusals";
import { t } from "./texts";

/** What the person is doing with their passkeys. `after`: called when the person has entered the password again. */
type Doing = { kind: "nothing" } | { kind: "naming"; id: string; name: string } | { kind: "proving"; after: () => void };

interface PasskeysProps {
  items: PasskeyItem[];
  onChanged: () => void;
}

/** Lists the person's passkeys, and lets the person add, rename and remove them. */
export function Passkeys({ items, onChanged }: PasskeysProps) {
  const [doing, setDoing] = useState<Doing>({ kind: "nothing" });
  const [busy, setBusy] = useState(false);
  const rest = () => {
    setDoing({ kind: "nothing" });
    onChanged();
  };
  const run = (work: () => Promise<unknown>, done: string) => {
    const go = async () => {
      setBusy(true);
      try {
        await work();
        toast(done);
        rest();
      } catch (error) {
        if (isRefused(error, "prove_first")) setDoing({ kind: "proving", after: () => void go() });
        else {
          if (!wasStopped(error)) toast(isKnown(error) ? t("passkeys.known") : explain(error), "error");
          rest();
        }
      }
      setBusy(false);
    };
    void go();
  };
  if (doing.kind === "proving") return <Prove onProved={doing.after} onCancel={rest} />;
  return (
    <>
      {items.length === 0 && <p class="dim">{t("passkeys.lead")}</p>}
      <ul class="account-list">
        {items.map((item) =>
          doing.kind === "naming" && doing.id === item.id ? (
            <Naming
              key={item.id}
              name={item.name}
              onSave={(name) => run(() => renamePasskey(item.id, name), t("passkeys.renamed"))}
              onCancel={() => setDoing({ kind: "nothing" })}
            />
          ) : (
            <Item
              key={item.id}
              item={item}
              busy={busy}
              onRename={() => setDoing({ kind: "naming", id: item.id, name: item.name })}
              onRemove={() => run(() => removePasskey(item.id), t("passkeys.removed"))}
            />
          ),
        )}
      </ul>
      <div>
        {hasPasskeys() ? (
          <Button
            busy={busy}
            data-testid="passkey-add"
            onClick={() => run(() => addPasskey(t("passkeys.name")), t("passkeys.added"))}
          >
            {t("passkeys.add")}
          </Button>
        ) : (
          <p class="dim">{t("passkeys.no")}</p>
        )}
      </div>
    </>
  );
}

interface ItemProps {
  item: PasskeyItem;
  busy: boolean;
  onRename: () => void;
  onRemove: () => void;
}

function Item({ item, busy, onRename, onRemove }: ItemProps) {
  const locale = useLocale();
  const used = item.used_at === 0 ? t("passkeys.unused") : t("signins.seen", { time: dateTime(item.used_at, locale) });
  return (
    <li data-testid="passkey">
      <Icon node={KeyRound} />
      <div class="account-grow">
        <p>
          <strong>{item.name}</strong>
        </p>
        <p class="dim">{[item.host, used].join(" · ")}</p>
      </div>
      <IconButton icon={Pencil} kind="quiet" label={t("passkeys.rename", { name: item.name })} onClick={onRename} />
      <IconButton
        icon={Trash2}
        kind="quiet"
        label={t("passkeys.remove", { name: item.name })}
        disabled={busy}
        data-testid="passkey-remove"
        onClick={onRemove}
      />
    </li>
  );
}

function Naming({ name, onSave, onCancel }: { name: string; onSave: (name: string) => void; onCancel: () => void }) {
  const [typed, setTyped] = useState(name);
  return (
    <li>
      <form
        class="stack account-grow"
        onSubmit={(event) => {
          event.preventDefault();
          onSave(typed.trim());
        }}
      >
        <Field
          label={t("passkeys.label")}
          name="passkey-name"
          autoFocus
          required
          maxLength={60}
          value={typed}
          data-testid="passkey-name"
          onInput={(event) => setTyped(event.currentTarget.value)}
        />
        <div class="row row-end">
          <Button kind="quiet" onClick={onCancel}>
            {t("cancel")}
          </Button>
          <Button kind="primary" type="submit" disabled={typed.trim() === ""} data-testid="passkey-name-save">
            {t("passkeys.save")}
          </Button>
        </div>
      </form>
    </li>
  );
}

import { useState } from "preact/hooks";
import { sentence } from "../../staff/refusals";
import { t as shared } from "../../staff/texts";
import { Button, Dialog, Failure, Field } from "../../ui";
import { SitesField } from "./sites-field";
import { t, textOr } from "./texts";
import type { WebhookFields } from "./webhook-api";

interface WebhookFormProps {
  first: WebhookFields;
  /** The names of all events that a webhook can get. */
  events: string[];
  title: string;
  /** Stores the webhook with these fields. Rejects if the server refuses the fields. */
  onSave: (fields: WebhookFields) => Promise<void>;
  onClose: () => void;
}

const toggled = (list: string[], one: string) => (list.includes(one) ? list.filter((each) => each !== one) : [...list, one]);

/** Asks for the address, the events and the sites of a webhook. */
export function WebhookForm({ first, events, title, onSave, onClose }: WebhookFormProps) {
  const [fields, setFields] = useState(first);
  const [busy, setBusy] = useState(false);
  const [failed, setFailed] = useState("");
  const save = async (event: Event) => {
    event.preventDefault();
    setBusy(true);
    setFailed("");
    try {
      await onSave({ ...fields, url: fields.url.trim() });
      onClose();
    } catch (error) {
      setFailed(sentence(error));
      setBusy(false);
    }
  };
  return (
    <Dialog title={title} closeLabel={shared("cancel")} onClose={onClose} data-testid="webhook-dialog">
      <form class="stack" noValidate onSubmit={(event) => void save(event)}>
        <Field
          label={t("hook.url")}
          hint={t("hook.url.hint")}
          autoFocus
          type="url"
          value={fields.url}
          data-testid="webhook-url"
          onInput={(event) => setFields({ ...fields, url: event.currentTarget.value })}
        />
        <fieldset class="settings-checks">
          <legend>{t("hook.events")}</legend>
          {events.map((one) => (
            <label key={one}>
              <input
                type="checkbox"
                checked={fields.events.includes(one)}
                onChange={() => setFields({ ...fields, events: toggled(fields.events, one) })}
              />
              <span>
                <code>{one}</code> <small class="dim">{textOr(`event.${one}`, "")}</small>
              </span>
            </label>
          ))}
        </fieldset>
        <SitesField
          value={fields.sites ?? ["*"]}
          onChange={(sites) => setFields({ ...fields, sites: sites.includes("*") ? null : sites })}
        />
        <Failure text={failed} />
        <div class="row row-end">
          <Button kind="quiet" onClick={onClose}>
            {shared("cancel")}
          </Button>
          <Button kind="primary" type="submit" busy={busy} data-testid="webhook-save">
            {t("save")}
          </Button>
        </div>
      </form>
    </Dialog>
  );
}

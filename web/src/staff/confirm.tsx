import type { ComponentChildren } from "preact";
import { useState } from "preact/hooks";
import { Button, Dialog } from "../ui";
import { t } from "./texts";

interface ConfirmProps {
  title: string;
  yes: string;
  /** The text of the button that closes the dialog without the action; "Cancel" if undefined. */
  no?: string;
  children: ComponentChildren;
  disabled?: boolean;
  /** Whether the button `yes` has the focus when the dialog opens, so that Enter presses it. */
  autoFocus?: boolean;
  kind?: "danger" | "primary";
  testid?: string;
  /** Does the action that the dialog asks about. Resolves to true if the action succeeded; the dialog then closes. */
  onYes: () => Promise<boolean>;
  onClose: () => void;
}

/** Asks before an action that cannot be undone or that other people notice. */
export function Confirm({ kind = "danger", disabled = false, autoFocus = false, ...props }: ConfirmProps) {
  const { title, yes, no = t("cancel"), children, testid, onYes, onClose } = props;
  const [busy, setBusy] = useState(false);
  const run = async () => {
    setBusy(true);
    if (await onYes()) onClose();
    else setBusy(false);
  };
  return (
    <Dialog title={title} closeLabel={t("close")} onClose={onClose}>
      <div class="stack">
        {children}
        <div class="row row-end">
          <Button kind="quiet" onClick={onClose}>
            {no}
          </Button>
          <Button
            kind={kind}
            busy={busy}
            disabled={disabled}
            autoFocus={autoFocus}
            data-testid={testid}
            onClick={() => void run()}
          >
            {yes}
          </Button>
        </div>
      </div>
    </Dialog>
  );
}

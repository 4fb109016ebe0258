import { useState } from "preact/hooks";
import { Button } from "../../ui";
import { saveAs } from "../../ui/save-as";
import { t } from "./texts";

/** Shows new recovery codes. They are shown only once, so the person must confirm that they have stored them. */
export function RecoveryCodeList({ codes, onDone }: { codes: string[]; onDone: () => void }) {
  const [kept, setKept] = useState(false);
  return (
    <div class="stack">
      <p>{t("codes.lead")}</p>
      <ul class="account-codes" data-testid="recovery-codes">
        {codes.map((code) => (
          <li key={code}>{code}</li>
        ))}
      </ul>
      <div>
        <Button onClick={() => saveAs(new Blob([`${codes.join("\n")}\n`], { type: "text/plain" }), "sangdam-recovery-codes.txt")}>
          {t("codes.save")}
        </Button>
      </div>
      <label class="check">
        <input
          type="checkbox"
          checked={kept}
          data-testid="codes-kept"
          onChange={(event) => setKept(event.currentTarget.checked)}
        />{" "}
        {t("codes.kept")}
      </label>
      <div class="row row-end">
        <Button kind="primary" disabled={!kept} data-testid="codes-done" onClick={onDone}>
          {t("codes.done")}
        </Button>
      </div>
    </div>
  );
}

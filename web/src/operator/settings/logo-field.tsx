import { ImageUp } from "lucide";
import { useRef, useState } from "preact/hooks";
import { sentence } from "../../staff/refusals";
import { Button, toast } from "../../ui";
import { removeLogo, sendLogo } from "./api";
import { t } from "./texts";

/** A field for the site's logo. A chosen picture is stored at once, before the rest of the form is saved. */
export function LogoField({ site, first, onChanged }: { site: string; first: string; onChanged: () => Promise<void> }) {
  const [logo, setLogo] = useState(first);
  const [busy, setBusy] = useState(false);
  const chooser = useRef<HTMLInputElement>(null);
  const change = async (making: Promise<string>) => {
    setBusy(true);
    try {
      const made = await making;
      await onChanged(); // storing the logo gave the site a new version, which the form needs before it can be saved
      setLogo(made);
      toast(t("saved"));
    } catch (error) {
      toast(sentence(error), "error");
    }
    setBusy(false);
  };
  return (
    <div class="field">
      <span class="field-label">{t("field.logo")}</span>
      <div class="row">
        {logo !== "" && (
          <img class="settings-logo" src={`/api/logos/${encodeURIComponent(logo)}`} alt="" data-testid="site-logo" />
        )}
        <input
          ref={chooser}
          type="file"
          accept="image/*"
          hidden
          data-testid="site-logo-file"
          onChange={(event) => {
            const [file] = event.currentTarget.files ?? [];
            if (file) void change(sendLogo(site, file).then((made) => made.picture));
            event.currentTarget.value = "";
          }}
        />
        <Button icon={ImageUp} busy={busy} onClick={() => chooser.current?.click()}>
          {t("logo.choose")}
        </Button>
        {logo !== "" && (
          <Button kind="quiet" disabled={busy} onClick={() => void change(removeLogo(site).then(() => ""))}>
            {t("logo.remove")}
          </Button>
        )}
      </div>
      <p class="field-hint">{t("field.logo.hint")}</p>
    </div>
  );
}

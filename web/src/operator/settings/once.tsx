import { Copy } from "lucide";
import { Button, toast } from "../../ui";
import { t } from "./texts";

/** A text that is shown only once, such as a one-time link, with a button that copies it. */
export function Once({ label, text, hint }: { label: string; text: string; hint: string }) {
  return (
    <div class="notice settings-once" role="status">
      <p>
        <strong>{label}</strong> <span class="dim">{hint}</span>
      </p>
      <div class="row">
        <code data-testid="once">{text}</code>
        <Button
          icon={Copy}
          onClick={() => {
            void navigator.clipboard.writeText(text).then(
              () => toast(t("copied")),
              () => toast(t("copy.failed"), "error"),
            );
          }}
        >
          {t("copy")}
        </Button>
      </div>
    </div>
  );
}

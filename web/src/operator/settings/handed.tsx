import { useState } from "preact/hooks";
import { sentence } from "../../staff/refusals";
import { Button, toast } from "../../ui";
import { newLink, type Added } from "./api";
import { Once } from "./once";
import { t } from "./texts";

/** Says that the server has mailed the member a new one-time link, or shows the link, so that the operator can copy it. */
export function Handed({ added: first }: { added: Added }) {
  const [added, setAdded] = useState(first);
  if (added.mailed === "")
    return <Once label={t("person.link")} text={added.link} hint={t("person.link.hint", { name: added.member.settings.name })} />;
  const show = () =>
    newLink(added.member.id).then(setAdded, (error: unknown) => {
      toast(sentence(error), "error");
    });
  return (
    <div class="notice settings-once" role="status" data-testid="mailed">
      <p>{t("person.link.mailed", { address: added.mailed })}</p>
      <div>
        <Button kind="quiet" onClick={() => void show()} data-testid="mailed-show">
          {t("person.link.show")}
        </Button>
      </div>
    </div>
  );
}

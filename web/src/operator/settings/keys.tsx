import { Plus } from "lucide";
import { useState } from "preact/hooks";
import { attempt } from "../../staff/attempt";
import { sentence } from "../../staff/refusals";
import { Button, Field, toast } from "../../ui";
import { Confirm } from "../../staff/confirm";
import { addKey, problemsOf, removeKey, type Problems } from "./api";
import { Once } from "./once";
import { problem } from "./problems";
import { t } from "./texts";

interface KeysProps {
  site: string;
  first: string[];
  onChanged: () => void;
}

/** The signing keys of a site's back end: make one, show its secret once, and retire it. */
export function Keys({ site, first, onChanged }: KeysProps) {
  const [keys, setKeys] = useState(first);
  const [kid, setKid] = useState("");
  const [secret, setSecret] = useState("");
  const [problems, setProblems] = useState<Problems>({});
  const [retiring, setRetiring] = useState("");
  const make = async () => {
    setProblems({});
    try {
      const made = await addKey(site, kid.trim());
      setSecret(made.secret);
      setKeys([...keys, made.kid]);
      setKid("");
      onChanged();
    } catch (error) {
      setProblems(problemsOf(error));
      if (Object.keys(problemsOf(error)).length === 0) toast(sentence(error), "error");
    }
  };
  const retire = (old: string) =>
    attempt(async () => {
      await removeKey(site, old);
      setKeys(keys.filter((one) => one !== old));
      onChanged();
    });
  return (
    <section class="card stack" data-testid="site-keys">
      <h2>{t("group.keys")}</h2>
      <p class="dim">{t("key.lead")}</p>
      {keys.map((one) => (
        <div key={one} class="row">
          <code>{one}</code>
          <Button kind="quiet" onClick={() => setRetiring(one)}>
            {t("key.retire")}
          </Button>
        </div>
      ))}
      {secret !== "" && <Once label={t("key.secret")} text={secret} hint={t("key.secret.hint")} />}
      <div class="row settings-add">
        <Field
          label={t("key.name")}
          value={kid}
          error={problem(problems.kid)}
          data-testid="key-name"
          onInput={(event) => setKid(event.currentTarget.value)}
        />
        <Button icon={Plus} disabled={kid.trim() === ""} onClick={() => void make()} data-testid="key-add">
          {t("key.add")}
        </Button>
      </div>
      {retiring !== "" && (
        <Confirm
          title={t("key.retire.title", { name: retiring })}
          yes={t("key.retire")}
          testid="key-retire-confirm"
          onYes={() => retire(retiring)}
          onClose={() => setRetiring("")}
        >
          <p>{t("key.retire.text")}</p>
        </Confirm>
      )}
    </section>
  );
}

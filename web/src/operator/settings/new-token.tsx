import { useState } from "preact/hooks";
import type { TokenRight } from "../../messages";
import { Prove } from "../../staff/account/prove";
import { ApiError } from "../../staff/api";
import { sentence } from "../../staff/refusals";
import { t as shared } from "../../staff/texts";
import { Button, Dialog, Field, toast } from "../../ui";
import { addToken, problemsOf, type MadeToken, type NewToken, type Problems } from "./api";
import { Once } from "./once";
import { problem } from "./problems";
import { SitesField } from "./sites-field";
import { t } from "./texts";

interface NewTokenProps {
  /** The rights that the signed-in person is allowed to give to a token. */
  rights: TokenRight[];
  onClose: (made: boolean) => void;
}

const FIRST: NewToken = { name: "", rights: [], sites: ["*"], days: 90 };

/** A dialog that makes an API token and shows it once. Asks for the person's password again if the server wants it. */
export function NewTokenDialog({ rights, onClose }: NewTokenProps) {
  const [wanted, setWanted] = useState(FIRST);
  const [problems, setProblems] = useState<Problems>({});
  const [proving, setProving] = useState(false);
  const [made, setMade] = useState<MadeToken | null>(null);
  const [busy, setBusy] = useState(false);
  const save = async () => {
    setBusy(true);
    setProving(false);
    setProblems({});
    try {
      setMade(await addToken(wanted));
    } catch (error) {
      setProblems(problemsOf(error));
      if (error instanceof ApiError && error.reason === "prove_first") setProving(true);
      else if (Object.keys(problemsOf(error)).length === 0) toast(sentence(error), "error");
    }
    setBusy(false);
  };
  return (
    <Dialog
      title={t("token.add")}
      closeLabel={shared("cancel")}
      onClose={() => onClose(made !== null)}
      data-testid="token-add-dialog"
    >
      {made !== null ? (
        <div class="stack">
          <Once label={t("token.made")} text={made.token} hint={t("token.made.hint")} />
          <div class="row row-end">
            <Button kind="primary" onClick={() => onClose(true)} data-testid="token-done">
              {t("done")}
            </Button>
          </div>
        </div>
      ) : proving ? (
        <Prove onProved={() => void save()} onCancel={() => setProving(false)} />
      ) : (
        <form
          class="stack"
          noValidate
          onSubmit={(event) => {
            event.preventDefault();
            void save();
          }}
        >
          <TokenFields wanted={wanted} rights={rights} problems={problems} onChange={setWanted} />
          <div class="row row-end">
            <Button kind="quiet" onClick={() => onClose(false)}>
              {shared("cancel")}
            </Button>
            <Button kind="primary" type="submit" busy={busy} data-testid="token-save">
              {t("token.add")}
            </Button>
          </div>
        </form>
      )}
    </Dialog>
  );
}

interface TokenFieldsProps {
  wanted: NewToken;
  rights: TokenRight[];
  problems: Problems;
  onChange: (wanted: NewToken) => void;
}

function TokenFields({ wanted, rights, problems, onChange }: TokenFieldsProps) {
  const has = (right: TokenRight) => wanted.rights.includes(right);
  const switched = (right: TokenRight) => (has(right) ? wanted.rights.filter((one) => one !== right) : [...wanted.rights, right]);
  return (
    <>
      <Field
        label={t("token.name")}
        hint={t("token.name.hint")}
        autoFocus
        value={wanted.name}
        error={problem(problems.name)}
        data-testid="token-name"
        onInput={(event) => onChange({ ...wanted, name: event.currentTarget.value })}
      />
      <fieldset class="settings-checks">
        <legend>{t("token.rights")}</legend>
        {rights.map((right) => (
          <label key={right}>
            <input
              type="checkbox"
              checked={has(right)}
              data-testid={`right-${right}`}
              onChange={() => onChange({ ...wanted, rights: switched(right) })}
            />{" "}
            {t(`token.right.${right}`)}
          </label>
        ))}
        {problem(problems.rights) !== undefined && (
          <p class="field-error" role="alert">
            {problem(problems.rights)}
          </p>
        )}
      </fieldset>
      <SitesField value={wanted.sites} error={problem(problems.sites)} onChange={(sites) => onChange({ ...wanted, sites })} />
      <Field
        label={t("token.days")}
        hint={t("token.days.hint")}
        type="number"
        min={1}
        value={String(wanted.days)}
        error={problem(problems.days)}
        data-testid="token-days"
        onInput={(event) => onChange({ ...wanted, days: Math.round(Number(event.currentTarget.value)) })}
      />
    </>
  );
}

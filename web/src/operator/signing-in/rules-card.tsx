import { useState } from "preact/hooks";
import { ApiError } from "../../staff/api";
import { sentence } from "../../staff/refusals";
import { Button, Failure, Field, toast, useLocale } from "../../ui";
import { merge } from "../settings/merge";
import type { Rules, StoredRules } from "./api";
import { t } from "./texts";

const MOST_HOURS = 168;

/** Returns the number of hours in a text, within the allowed range; 0 stands for the standard number. */
const hoursIn = (text: string) => Math.min(MOST_HOURS, Math.max(0, Math.round(Number(text)) || 0));

interface RulesCardProps {
  title: string;
  rules: StoredRules;
  /** The installation's rules for signing in. The edited rules of an organisation can only be stricter than these. Undefined: the
   *  card edits the installation's own rules. */
  least?: Rules;
  hasProvider: boolean;
  save: (rules: StoredRules) => Promise<StoredRules>;
  /** Fetches the rules again, because somebody else has saved new rules. */
  newest: () => Promise<StoredRules>;
}

/** Edits the rules for signing in: whether a second factor or the provider is required, and how long a sign-in lasts. */
export function RulesCard({ title, rules: loaded, least, hasProvider, save, newest }: RulesCardProps) {
  useLocale();
  const [stored, setStored] = useState(loaded);
  const [wanted, setWanted] = useState(loaded);
  const [failed, setFailed] = useState("");
  const [busy, setBusy] = useState(false);
  const submit = async (event: Event) => {
    event.preventDefault();
    setBusy(true);
    setFailed("");
    try {
      const saved = await save(wanted);
      setStored(saved);
      setWanted(saved);
      toast(t("saved"));
    } catch (error) {
      const changed = error instanceof ApiError && error.reason === "changed_meanwhile";
      const theirs = changed ? await newest().catch(() => null) : null;
      if (theirs !== null) {
        setStored(theirs);
        setWanted((typed) => merge(stored, typed, theirs).value);
      }
      setFailed(theirs === null ? sentence(error) : t("rules.changed"));
    }
    setBusy(false);
  };
  const factorAnyway = least?.second_factor === "required";
  const providerAnyway = least?.provider === "only";
  return (
    <section class="card stack" data-testid={least === undefined ? "rules" : "own-rules"}>
      <h2>{title}</h2>
      <p class="dim">{t("rules.hint")}</p>
      <form class="stack" onSubmit={(event) => void submit(event)}>
        <label class="check">
          <input
            type="checkbox"
            checked={factorAnyway || wanted.second_factor === "required"}
            disabled={factorAnyway}
            data-testid="factor-required"
            onChange={(event) => setWanted({ ...wanted, second_factor: event.currentTarget.checked ? "required" : "off" })}
          />{" "}
          {t("factor.required")}
        </label>
        <label class="check">
          <input
            type="checkbox"
            checked={providerAnyway || wanted.provider === "only"}
            disabled={providerAnyway || (!hasProvider && wanted.provider !== "only")}
            data-testid="provider-only"
            onChange={(event) => setWanted({ ...wanted, provider: event.currentTarget.checked ? "only" : "offered" })}
          />{" "}
          {t("provider.only")}
        </label>
        <p class="dim">{t(hasProvider ? "provider.only.hint" : "provider.only.none")}</p>
        <Field
          label={t("hours")}
          hint={least?.hours ? t("hours.least", { hours: least.hours }) : t("hours.hint")}
          type="number"
          min={1}
          placeholder="12"
          value={wanted.hours === 0 ? "" : String(wanted.hours)}
          data-testid="sign-in-hours"
          onInput={(event) => setWanted({ ...wanted, hours: hoursIn(event.currentTarget.value) })}
        />
        {(factorAnyway || providerAnyway) && <p class="dim">{t("rules.least")}</p>}
        <Failure text={failed} />
        <div class="row row-end">
          <Button kind="primary" type="submit" busy={busy} data-testid="rules-save">
            {t("rules.save")}
          </Button>
        </div>
      </form>
    </section>
  );
}

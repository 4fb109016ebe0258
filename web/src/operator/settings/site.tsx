import { ArrowLeft } from "lucide";
import { useState } from "preact/hooks";
import { attempt } from "../../staff/attempt";
import { languageName } from "../../staff/format";
import { may } from "../../staff/rights";
import { sentence } from "../../staff/refusals";
import { ApiError } from "../../staff/api";
import { Button, type Choice, Failure, Field, Icon, locale, Select, toast } from "../../ui";
import { Confirm } from "../../staff/confirm";
import { Loaded } from "../loaded";
import { askAboutSite } from "../preview/api";
import { Preview } from "../preview/preview";
import { nameIn } from "../wrap-up/plan";
import { problemsOf, removeSite, saveSite, site as load, type Problems, type SiteSettings, type StoredSite } from "./api";
import { AppointmentFields } from "./appointment-fields";
import { Categories } from "./categories";
import { Front } from "./front";
import { Keys } from "./keys";
import { Listed } from "../listed";
import { merge, type Merged } from "./merge";
import { Once } from "./once";
import { problem } from "./problems";
import { t, textOr, type SettingsKey } from "./texts";

/** Shows and edits one site: its settings, categories and signing keys. */
export function Site({ id }: { id: string }) {
  return (
    <Loaded what={id} load={() => load(id)}>
      {(stored) => <SiteForm stored={stored} />}
    </Loaded>
  );
}

const choices = (field: string, values: readonly string[]): Choice[] =>
  values.map((value) => ({ value, label: textOr(`field.${field}.${value}`, value) }));

const CHOSEN = {
  callbacks: ["offered", "off"],
  recording: ["off", "ask"],
  listening: ["off", "on", "whisper", "join"],
  read_marks: ["on", "off"],
  own_past: ["shown", "off"],
  captions: ["off", "live", "keep"],
  cobrowse: ["off", "strict", "open"],
} as const;

/** Returns, as a text, the part of a site's settings that affects how long visitors wait. */
const aboutWaits = ({ categories }: SiteSettings) =>
  JSON.stringify(categories.map(({ id, parent, priority, widens_s }) => [id, parent, priority, widens_s]));

function SiteForm({ stored: first }: { stored: StoredSite }) {
  const [stored, setStored] = useState(first);
  const [settings, setSettings] = useState(first.settings);
  const [problems, setProblems] = useState<Problems>({});
  const [failed, setFailed] = useState("");
  const [merged, setMerged] = useState<Merged<SiteSettings> | null>(null);
  const [busy, setBusy] = useState(false);
  const [removing, setRemoving] = useState(false);
  const change = (part: Partial<SiteSettings>) => setSettings({ ...settings, ...part });

  /** Takes over the changes that somebody else has saved since this form was opened. What this person has typed stays. */
  const takeOver = async () => {
    const newest = await load(stored.id);
    const found = merge(stored.settings, settings, newest.settings);
    setStored(newest);
    setSettings((typed) => merge(stored.settings, typed, newest.settings).value);
    return found;
  };
  /** Fetches the site again after its logo or a signing key was stored, because this change has given the site a new version. */
  const readAgain = async () => {
    const found = await takeOver();
    if (found.theirs.length + found.both.length > 0) setMerged(found);
  };
  const save = async (event: Event) => {
    event.preventDefault();
    setBusy(true);
    setFailed("");
    setProblems({});
    try {
      const saved = await saveSite(stored.id, stored.version, settings);
      setStored(saved);
      setSettings(saved.settings);
      setMerged(null);
      toast(t("saved"));
    } catch (error) {
      setProblems(problemsOf(error));
      if (error instanceof ApiError && error.reason === "changed_meanwhile") await takeOver().then(setMerged, () => undefined);
      else setFailed(Object.keys(problemsOf(error)).length > 0 ? t("problems") : sentence(error));
    }
    setBusy(false);
  };
  const text = (field: "accent" | "privacy_url" | "home_url") => (
    <Field
      label={t(`field.${field}`)}
      value={settings[field]}
      placeholder={field === "accent" ? "#0f5f57" : "https://"}
      error={problem(problems[field])}
      data-testid={`site-${field}`}
      onInput={(event) => change({ [field]: event.currentTarget.value })}
    />
  );
  const number = (field: "retention_days" | "file_mb" | "guests") => (
    <Field
      label={t(`field.${field}`)}
      hint={t(`field.${field}.hint`)}
      type="number"
      value={String(settings[field])}
      error={problem(problems[field])}
      data-testid={`site-${field}`}
      onInput={(event) => change({ [field]: Math.round(Number(event.currentTarget.value)) })}
    />
  );
  const choice = (field: keyof typeof CHOSEN) => (
    <Select
      label={t(`field.${field}`)}
      hint={textOr(`field.${field}.hint`, "")}
      choices={choices(field, CHOSEN[field])}
      value={settings[field]}
      data-testid={`site-${field}`}
      onChange={(event) => change({ [field]: event.currentTarget.value })}
    />
  );
  return (
    <div class="stack">
      <a class="row" href="#settings/sites">
        <Icon node={ArrowLeft} /> {t("area.sites")}
      </a>
      <h1>{nameIn(stored.settings.names, locale()) || stored.id}</h1>
      <form class="stack" noValidate onSubmit={(event) => void save(event)}>
        <fieldset class="card settings-fields">
          <legend>{t("group.site")}</legend>
          <div class="settings-fields settings-kind">
            {[...new Set([...settings.languages, ...Object.keys(settings.names)])].map((language) => (
              <Field
                key={language}
                label={t("field.name.in", { language: languageName(language, locale()) })}
                value={settings.names[language] ?? ""}
                error={problem(problems.names)}
                data-testid={`site-name-${language}`}
                onInput={(event) => change({ names: { ...settings.names, [language]: event.currentTarget.value } })}
              />
            ))}
          </div>
          <Listed
            label={t("field.languages")}
            hint={t("field.languages.hint")}
            value={settings.languages}
            error={problem(problems.languages)}
            onChange={(languages) => change({ languages })}
          />
          <Listed
            label={t("field.origins")}
            hint={t("field.origins.hint")}
            value={settings.origins}
            error={problem(problems.origins)}
            onChange={(origins) => change({ origins })}
            data-testid="site-origins"
          />
          {text("accent")}
          {text("home_url")}
          {text("privacy_url")}
        </fieldset>
        <fieldset class="card settings-fields">
          <legend>{t("group.conversations")}</legend>
          {choice("callbacks")}
          {settings.callbacks === "offered" && (
            <AppointmentFields plan={settings.appointments} onChange={(appointments) => change({ appointments })} />
          )}
          {choice("recording")}
          {choice("listening")}
          {choice("read_marks")}
          {choice("own_past")}
          {choice("captions")}
          {number("guests")}
          {choice("cobrowse")}
          {number("file_mb")}
          {number("retention_days")}
          <Listed
            label={t("field.page_params")}
            hint={t("field.page_params.hint")}
            value={settings.page_params}
            error={problem(problems.page_params)}
            onChange={(page_params) => change({ page_params })}
          />
        </fieldset>
        <Front site={stored.id} logo={stored.logo} settings={settings} problems={problems} onChange={change} onLogo={readAgain} />
        <Categories settings={settings} problems={problems} onChange={(categories) => change({ categories })} />
        <Preview
          changed={aboutWaits(settings) === aboutWaits(stored.settings) ? "" : aboutWaits(settings)}
          ask={askAboutSite(stored.id, settings)}
        />
        {merged !== null && <Others merged={merged} />}
        <Failure text={failed} />
        <div class="row row-end settings-save">
          {may("sites.add") && (
            <Button kind="quiet" onClick={() => setRemoving(true)}>
              {t("site.remove")}
            </Button>
          )}
          <Button kind="primary" type="submit" busy={busy} data-testid="site-save">
            {t("save")}
          </Button>
        </div>
      </form>
      {stored.settings.categories.length > 0 && <Once label={t("snippet")} text={stored.snippet} hint={t("snippet.hint")} />}
      {may("keys.change") && <Keys site={stored.id} onChanged={() => void readAgain()} />}
      {removing && (
        <Confirm
          title={t("site.remove.title")}
          yes={t("site.remove")}
          testid="site-remove-confirm"
          onYes={() =>
            attempt(async () => {
              await removeSite(stored.id);
              location.hash = "settings/sites";
            })
          }
          onClose={() => setRemoving(false)}
        >
          <p>{t("site.remove.text")}</p>
        </Confirm>
      )}
    </div>
  );
}

const named = (fields: string[]) => fields.map((field) => textOr(`field.${field}` as SettingsKey, field)).join(", ");

/** Says what somebody else has changed while this form was open. */
export function Others<T>({ merged }: { merged: Merged<T> }) {
  return (
    <div class="notice notice-warn" role="alert" data-testid="changed-meanwhile">
      <p>
        {t("merge.lead")} {merged.theirs.length > 0 && t("merge.theirs", { fields: named(merged.theirs.map(String)) })}{" "}
        {merged.both.length > 0 && t("merge.both", { fields: named(merged.both.map(String)) })} {t("merge.save")}
      </p>
    </div>
  );
}

import { Plus } from "lucide";
import { useState } from "preact/hooks";
import { may } from "../../staff/rights";
import { sentence } from "../../staff/refusals";
import { t as shared } from "../../staff/texts";
import { Button, Dialog, Field, locale, toast } from "../../ui";
import { addSite, problemsOf, sites, type Problems, type SiteSettings } from "./api";
import { Listed } from "../listed";
import { Found } from "./lists";
import { problem } from "./problems";
import { t } from "./texts";

/** The list of the organisation's sites, with a form that adds a site. */
export function Sites() {
  const [adding, setAdding] = useState(false);
  return (
    <section class="stack">
      <div class="row">
        <h1>{t("area.sites")}</h1>
        {may("sites.add") && (
          <Button icon={Plus} onClick={() => setAdding(true)} data-testid="site-add">
            {t("site.add")}
          </Button>
        )}
      </div>
      <Found
        what="sites"
        load={sites}
        empty={
          <>
            {t("first")} {may("sites.add") && <a href="#start/site">{t("first.steps")}</a>}
          </>
        }
      >
        {(row) => (
          <a class="settings-row" href={`#settings/sites/${encodeURIComponent(row.id)}`}>
            <strong>{row.name}</strong>
            <span class="dim">{row.origins.join(", ")}</span>
            <span class="dim num">{t("site.categories", { n: row.categories })}</span>
          </a>
        )}
      </Found>
      {adding && <AddSite onClose={() => setAdding(false)} />}
    </section>
  );
}

/** The settings of a new site, before anything is typed. */
export const NEW_SITE: SiteSettings = {
  names: {},
  origins: [],
  languages: [],
  accent: "",
  privacy_url: "",
  home_url: "",
  retention_days: 90,
  page_params: [],
  recording: "off",
  callbacks: "offered",
  listening: "off",
  file_mb: 25,
  read_marks: "on",
  own_past: "shown",
  captions: "live",
  guests: 0,
  cobrowse: "off",
  corner: "right",
  launcher_texts: {},
  channels: ["text", "voice", "video"],
  waiting_notice: {},
  recording_notice: {},
  appointments: null,
  categories: [],
};

function AddSite({ onClose }: { onClose: () => void }) {
  const language = locale();
  const [id, setId] = useState("");
  const [settings, setSettings] = useState<SiteSettings>({ ...NEW_SITE, languages: [language] });
  const [problems, setProblems] = useState<Problems>({});
  const [busy, setBusy] = useState(false);
  const save = async (event: Event) => {
    event.preventDefault();
    setBusy(true);
    try {
      const added = await addSite(id.trim(), settings);
      toast(t("saved"));
      location.hash = `settings/sites/${encodeURIComponent(added.id)}`;
    } catch (error) {
      setProblems(problemsOf(error));
      if (Object.keys(problemsOf(error)).length === 0) toast(sentence(error), "error");
    }
    setBusy(false);
  };
  return (
    <Dialog title={t("site.add")} closeLabel={shared("cancel")} onClose={onClose} data-testid="site-add-dialog">
      <form class="stack" noValidate onSubmit={(event) => void save(event)}>
        <Field
          label={t("field.id")}
          hint={t("field.id.hint")}
          autoFocus
          value={id}
          error={problem(problems.id)}
          data-testid="site-id"
          onInput={(event) => setId(event.currentTarget.value)}
        />
        <Field
          label={t("field.name")}
          value={settings.names[language] ?? ""}
          error={problem(problems.names)}
          data-testid="site-name"
          onInput={(event) => setSettings({ ...settings, names: { [language]: event.currentTarget.value } })}
        />
        <Listed
          label={t("field.origins")}
          hint={t("field.origins.hint")}
          value={settings.origins}
          error={problem(problems.origins)}
          onChange={(origins) => setSettings({ ...settings, origins })}
          data-testid="site-origins"
        />
        <Listed
          label={t("field.languages")}
          hint={t("field.languages.hint")}
          value={settings.languages}
          error={problem(problems.languages)}
          onChange={(languages) => setSettings({ ...settings, languages })}
        />
        <div class="row row-end">
          <Button kind="quiet" onClick={onClose}>
            {shared("cancel")}
          </Button>
          <Button kind="primary" type="submit" busy={busy} data-testid="site-add-save">
            {t("save")}
          </Button>
        </div>
      </form>
    </Dialog>
  );
}

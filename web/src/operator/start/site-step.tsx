import { useState } from "preact/hooks";
import { sentence } from "../../staff/refusals";
import { Button, Failure, Field, locale } from "../../ui";
import { Loaded } from "../loaded";
import { addSite, problemsOf, sites, type Problems } from "../settings/api";
import { Listed } from "../listed";
import { problem } from "../settings/problems";
import { NEW_SITE } from "../settings/sites";
import { t as settings } from "../settings/texts";
import { StartFrame } from "./frame";
import { useKept } from "./kept";
import { idOf, originOf, siteIdOf } from "./names";
import { t } from "./texts";

const ACCENT = "#1f5fd0"; // the launcher's colour before somebody chooses another colour

/** Returns the problem that the server has found in any field of the first category. */
const categoryProblem = (problems: Problems) => Object.entries(problems).find(([field]) => field.startsWith("categories"))?.[1];

/** The second step of the setup of a new installation, which creates a site with its first category. */
export function SiteStep() {
  const language = locale();
  const [typed, change, forget] = useKept("site", {
    name: "",
    origin: "",
    id: "",
    languages: [language] as string[],
    accent: ACCENT,
    category: t("site.category.first"),
  });
  const [problems, setProblems] = useState<Problems>({});
  const [failed, setFailed] = useState("");
  const [busy, setBusy] = useState(false);
  const submit = async (event: Event) => {
    event.preventDefault();
    setBusy(true);
    setProblems({});
    setFailed("");
    const { name, origin, id, languages, accent, category } = typed;
    try {
      await addSite(id.trim() || siteIdOf(origin), {
        ...NEW_SITE,
        names: { [language]: name },
        origins: originOf(origin) === "" ? [] : [originOf(origin)],
        languages,
        accent,
        categories: [
          {
            id: idOf(category, "general"),
            parent: "",
            names: { [language]: category },
            priority: null,
            widens_s: null,
            form: null,
          },
        ],
      });
      forget();
      location.hash = "start/staff";
    } catch (error) {
      setProblems(problemsOf(error));
      if (Object.keys(problemsOf(error)).length === 0) setFailed(sentence(error));
      setBusy(false);
    }
  };
  return (
    <StartFrame step="site" lead={t("site.lead")}>
      <form class="stack" noValidate onSubmit={(event) => void submit(event)}>
        <Field
          label={t("site.name")}
          hint={t("site.name.hint")}
          value={typed.name}
          error={problem(problems.names)}
          data-testid="start-site-name"
          onInput={(event) => change({ name: event.currentTarget.value })}
        />
        <Field
          label={t("site.origin")}
          hint={t("site.origin.hint")}
          value={typed.origin}
          error={problem(problems.origins)}
          data-testid="start-site-origin"
          onInput={(event) => change({ origin: event.currentTarget.value })}
        />
        <Field
          label={settings("field.id")}
          hint={settings("field.id.hint")}
          placeholder={siteIdOf(typed.origin)}
          value={typed.id}
          error={problem(problems.id)}
          data-testid="start-site-id"
          onInput={(event) => change({ id: event.currentTarget.value })}
        />
        <Listed
          label={settings("field.languages")}
          hint={settings("field.languages.hint")}
          value={typed.languages}
          error={problem(problems.languages)}
          data-testid="start-site-languages"
          onChange={(languages) => change({ languages })}
        />
        <Field
          label={t("site.category")}
          hint={t("site.category.hint")}
          value={typed.category}
          error={problem(categoryProblem(problems))}
          data-testid="start-site-category"
          onInput={(event) => change({ category: event.currentTarget.value })}
        />
        <label class="start-colour">
          <span class="field-label">{settings("field.accent")}</span>
          <input
            type="color"
            value={typed.accent}
            data-testid="start-site-accent"
            onInput={(event) => change({ accent: event.currentTarget.value })}
          />
        </label>
        {problem(problems.accent) && <p class="field-error">{problem(problems.accent)}</p>}
        <Failure text={failed} />
        <div class="row row-end">
          <Loaded what="sites of the first start" load={() => sites("", 1)}>
            {(found) =>
              found.total > 0 && (
                <Button kind="quiet" onClick={() => (location.hash = "start/staff")}>
                  {t("site.skip")}
                </Button>
              )
            }
          </Loaded>
          <Button kind="primary" type="submit" busy={busy} data-testid="start-next">
            {t("next")}
          </Button>
        </div>
      </form>
    </StartFrame>
  );
}

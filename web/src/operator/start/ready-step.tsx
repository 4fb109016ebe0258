import { Button, locale } from "../../ui";
import { Doctor } from "../doctor";
import { Loaded } from "../loaded";
import { site, sites, type StoredSite } from "../settings/api";
import { Once } from "../settings/once";
import { t as settings } from "../settings/texts";
import { nameIn } from "../wrap-up/plan";
import { StartFrame } from "./frame";
import { t } from "./texts";

const MOST_SHOWN = 10;

const load = async (): Promise<StoredSite[]> => {
  const found = await sites("", 1);
  return Promise.all(found.items.slice(0, MOST_SHOWN).map((row) => site(row.id)));
};

/** The last step of the setup. It shows the snippet of each site (at most of the first ten), a page on which to try the widget,
 *  and the findings of the server's check of itself. */
export function ReadyStep() {
  return (
    <StartFrame step="ready" lead={t("ready.lead")}>
      <Loaded what="ready sites" load={load}>
        {(found) => (
          <>
            {found.map((one) => (
              <article key={one.id} class="stack start-site" data-testid={`start-ready-${one.id}`}>
                <h2>{nameIn(one.settings.names, locale()) || one.id}</h2>
                <Once label={settings("snippet")} text={one.snippet} hint={settings("snippet.hint")} />
                <p class="row">
                  <a
                    class="button button-plain"
                    href={`/try/${encodeURIComponent(one.id)}?lang=${locale()}`}
                    target="_blank"
                    rel="noopener"
                    data-testid="start-try"
                  >
                    {t("ready.try")}
                  </a>
                  <span class="dim">{t("ready.try.hint")}</span>
                </p>
              </article>
            ))}
          </>
        )}
      </Loaded>
      <section class="stack start-health">
        <h2>{t("ready.health")}</h2>
        <Doctor />
      </section>
      <div class="row row-end">
        <Button onClick={() => (location.hash = "start/site")} data-testid="start-another">
          {t("ready.another")}
        </Button>
        <Button kind="primary" onClick={() => (location.hash = "settings/sites")} data-testid="start-finish">
          {t("ready.finish")}
        </Button>
      </div>
    </StartFrame>
  );
}

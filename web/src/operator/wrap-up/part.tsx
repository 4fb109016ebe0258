import { useState } from "preact/hooks";
import { sentence } from "../../staff/refusals";
import { Button, Failure, toast, useLocale } from "../../ui";
import { Loaded } from "../loaded";
import { Outcomes, Tags } from "./names";
import { plansOfSites, savePlan, type Plan, type SitePlan } from "./plan";
import { Required, Templates } from "./templates";
import { t } from "./texts";

/** Edits, for each site, the outcomes, tags and templates among which counselors choose after a conversation. */
export function WrapUpPart() {
  const locale = useLocale();
  return (
    <div class="past">
      <p class="dim">{t("lead")}</p>
      <Loaded key={locale} what="wrap-up" load={plansOfSites}>
        {(sites) => sites.map((site) => <SiteCard key={site.id} site={site} />)}
      </Loaded>
    </div>
  );
}

function SiteCard({ site: loaded }: { site: SitePlan }) {
  const [site, setSite] = useState(loaded);
  const [plan, setPlan] = useState(loaded.plan);
  const [busy, setBusy] = useState(false);
  const [failed, setFailed] = useState("");
  const save = async (wanted: Plan | null) => {
    setBusy(true);
    setFailed("");
    try {
      const saved = await savePlan(site.id, wanted);
      setSite(saved);
      setPlan(saved.plan);
      toast(t("saved"));
    } catch (error) {
      setFailed(sentence(error));
    }
    setBusy(false);
  };
  const parts = { site, plan, onChange: setPlan };
  return (
    <section class="card stack" data-testid={`wrap-up-of-${site.id}`}>
      <h2>
        {site.name} {site.standard && <span class="pill">{t("standard")}</span>}
      </h2>
      <form
        class="stack"
        onSubmit={(event) => {
          event.preventDefault();
          void save(plan);
        }}
      >
        <Outcomes {...parts} />
        <Required {...parts} />
        <Tags {...parts} />
        <Templates {...parts} />
        <Failure text={failed} />
        <div class="row row-end">
          {!site.standard && (
            <Button kind="quiet" disabled={busy} onClick={() => void save(null)} data-testid="wrap-up-reset">
              {t("reset")}
            </Button>
          )}
          <Button kind="primary" type="submit" busy={busy} data-testid="wrap-up-save">
            {t("save")}
          </Button>
        </div>
      </form>
    </section>
  );
}

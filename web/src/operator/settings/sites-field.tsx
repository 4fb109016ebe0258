import { useLocale } from "../../ui";
import { Loaded } from "../loaded";
import { siteNames } from "./api";
import { t } from "./texts";

interface SitesFieldProps {
  /** Ids of the chosen sites, or "*" for all sites. */
  value: string[];
  error?: string;
  onChange: (sites: string[]) => void;
}

/** A field that chooses all sites, or some of them. */
export function SitesField({ value, error, onChange }: SitesFieldProps) {
  const locale = useLocale();
  const all = value.includes("*");
  return (
    <fieldset class="settings-checks">
      <legend>{t("field.sites")}</legend>
      <label>
        <input type="checkbox" checked={all} data-testid="sites-all" onChange={() => onChange(all ? [] : ["*"])} />{" "}
        {t("field.sites.all")}
      </label>
      {!all && (
        <Loaded key={locale} what="site names" load={siteNames}>
          {(found) => (
            <div class="settings-sites">
              {found.map((site) => (
                <label key={site.id}>
                  <input
                    type="checkbox"
                    checked={value.includes(site.id)}
                    data-testid={`site-${site.id}`}
                    onChange={(event) =>
                      onChange(event.currentTarget.checked ? [...value, site.id] : value.filter((one) => one !== site.id))
                    }
                  />{" "}
                  {site.name}
                </label>
              ))}
            </div>
          )}
        </Loaded>
      )}
      {error !== undefined && (
        <p class="field-error" role="alert">
          {error}
        </p>
      )}
    </fieldset>
  );
}

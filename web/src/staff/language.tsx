import { languages, ownName, useLocale } from "../ui";
import { setPrefs } from "./prefs";
import { t } from "./texts";

/** Chooses the page's language. The choice is remembered and does not affect the visitors' languages. */
export function LanguageSwitch() {
  const locale = useLocale();
  return (
    <select
      class="input language"
      aria-label={t("set.language")}
      value={locale}
      onChange={(event) => setPrefs({ language: event.currentTarget.value })}
      data-testid="language"
    >
      {languages().map((language) => (
        <option key={language} value={language} lang={language} selected={language === locale}>
          {ownName(language)}
        </option>
      ))}
    </select>
  );
}

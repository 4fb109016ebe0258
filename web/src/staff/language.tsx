import { useLocale } from "../ui";
import { setPrefs } from "./prefs";
import { t } from "./texts";

const LANGUAGES = [
  ["ko", "한국어"],
  ["en", "English"],
] as const;

/** Chooses the page's language. The choice is remembered and does not affect the visitors' languages. */
export function LanguageSwitch() {
  const locale = useLocale();
  return (
    <div class="segments segments-small" role="group" aria-label={t("set.language")}>
      {LANGUAGES.map(([language, name]) => (
        <button
          key={language}
          type="button"
          lang={language}
          aria-pressed={locale === language}
          onClick={() => setPrefs({ language })}
        >
          {name}
        </button>
      ))}
    </div>
  );
}

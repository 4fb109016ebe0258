/** The texts that the visitor reads on the partner's page while staff can see the page. They are loaded with the panel's code for
 *  co-browsing. */

import type { Words } from "../../cobrowse/protocol";
import type { PageState } from "../../messages";
import { locale } from "../../ui";
import { texts } from "../../ui/i18n";
import type en from "./en.json";

type Key = keyof typeof en;

export const { t } = texts<Key>(import.meta.glob("./*.json", { import: "default" }));

/** Returns the texts of the bar. */
export function wordsOf({ seen_by = [], by = "", texts: rule, recorded = false }: PageState): Words {
  const names = new Intl.ListFormat(locale(), { type: "conjunction" }).format(seen_by);
  return {
    seen: t("seen", { names }),
    unseen: t("unseen", { name: by }),
    what: [t(rule === "open" ? "what.open" : "what.strict"), recorded && t("what.recorded")].filter(Boolean).join(" "),
    stop: t("stop"),
    show: t("show"),
    hide: t("hide"),
    link: "",
    open: t("open"),
    dismiss: t("dismiss"),
  };
}

export const linkWords = (name: string): string => t("link", { name });

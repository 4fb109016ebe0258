import { locale } from "../ui/i18n";

/** What a transcript is asked for with: the reader's language and time zone. */
export function transcriptQuery(more: Record<string, string> = {}): URLSearchParams {
  const zone = Intl.DateTimeFormat().resolvedOptions().timeZone;
  return new URLSearchParams({ form: "html", zone, lang: locale(), ...more });
}

/** Where one's own copy of the conversation is. */
export const transcriptPath = (session: string): string =>
  `/api/sessions/${encodeURIComponent(session)}/transcript?${transcriptQuery()}`;

import { locale } from "../ui/i18n";

/** Returns the query parameters for a transcript: the reader's language and time zone, and those in `more`. */
export function transcriptQuery(more: Record<string, string> = {}): URLSearchParams {
  const zone = Intl.DateTimeFormat().resolvedOptions().timeZone;
  return new URLSearchParams({ form: "html", zone, lang: locale(), ...more });
}

/** Returns the path of the visitor's own copy of the conversation. */
export const transcriptPath = (session: string): string =>
  `/api/sessions/${encodeURIComponent(session)}/transcript?${transcriptQuery()}`;

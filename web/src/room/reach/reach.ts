/** Asks the server to send the visitor mails about a conversation. */

import type { HttpReason, MailReason } from "../../messages";
import type { OneOf } from "../../ui/one-of";
import { isKey, t, type Key } from "./words";

/** The server's reasons for sending no mail. Each of the reasons here has a sentence of its own. */
type Told = OneOf<MailReason, "bad_address" | "unsubscribed" | "too_many_mails">;

export class MailFailed extends Error {
  override name = "MailFailed";

  constructor(readonly reason: HttpReason | "network") {
    super(reason);
  }
}

/** Asks the server to mail the visitor. `what`: "reply" to store the address for answers; "thread" to also mail a link to the
 *  conversation now; "copy" to mail a copy. Returns the address with most of its letters hidden. */
export async function askForMail(
  session: string,
  token: string,
  what: "reply" | "thread" | "copy",
  address: string,
): Promise<string> {
  const zone = Intl.DateTimeFormat().resolvedOptions().timeZone;
  let response: Response;
  let body: { to?: string; reason?: HttpReason };
  try {
    response = await fetch(`/api/sessions/${encodeURIComponent(session)}/mail`, {
      method: "POST",
      headers: { authorization: `Bearer ${token}`, "content-type": "application/json" },
      body: JSON.stringify({ what, address: address.trim(), zone }),
    });
    body = (await response.json()) as { to?: string; reason?: HttpReason };
  } catch {
    throw new MailFailed("network");
  }
  if (!response.ok) throw new MailFailed(body.reason ?? "internal");
  return body.to ?? "";
}

/** Returns the sentence that says why no mail will come. */
export function failedText(error: unknown): string {
  const key: Key = `failed.${(error as MailFailed).reason as Told}`;
  return isKey(key) ? t(key) : t("failed.other");
}

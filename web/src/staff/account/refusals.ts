/** The sentences that say why a sign-in, a new password or a second factor was refused. */

import type { SignInReason } from "../../messages";
import { ApiError } from "../api";
import { clock } from "../format";
import { sentence } from "../refusals";
import { t, type AccountKey } from "./texts";

const KEYS: Record<SignInReason, AccountKey> = {
  wrong_credentials: "refused.wrong_credentials",
  too_many_sign_ins: "refused.too_many_sign_ins",
  wrong_password: "refused.wrong_password",
  weak_password: "refused.weak_password",
  link_over: "refused.link_over",
  code_needed: "refused.code_needed",
  wrong_code: "refused.wrong_code",
  prove_first: "refused.prove_first",
  app_exists: "refused.app_exists",
  passkey_refused: "refused.passkey_refused",
  passkey_needed: "refused.passkey_needed",
  too_many_passkeys: "refused.too_many_passkeys",
  provider_off: "refused.provider_off",
  provider_unavailable: "refused.provider_unavailable",
  provider_refused: "refused.provider_refused",
  no_role: "refused.no_role",
  no_role_claim: "refused.no_role_claim",
  state_over: "refused.state_over",
  by_provider: "refused.by_provider",
  provider_only: "refused.provider_only",
};

const MARK = "#not-signed-in=";

/** Returns, in words, why signing in at the provider failed, and removes the reason from the page's address. Returns "" if
 *  signing in did not fail. */
export function takeProviderRefusal(): string {
  if (!location.hash.startsWith(MARK)) return "";
  const reason = location.hash.slice(MARK.length);
  history.replaceState(null, "", location.pathname + location.search);
  return Object.hasOwn(KEYS, reason) ? t(KEYS[reason as SignInReason]) : "";
}

/** Returns the sentence that says why a sign-in, a new password or a second factor was refused. */
export function explain(error: unknown): string {
  if (!(error instanceof ApiError)) return sentence(error);
  if (error.status === 429 && error.retry_after_s !== null) {
    return t("refused.wait", { wait: clock(error.retry_after_s) });
  }
  return Object.hasOwn(KEYS, error.reason) ? t(KEYS[error.reason as SignInReason]) : sentence(error);
}

export const isRefused = (error: unknown, reason: SignInReason) => error instanceof ApiError && error.reason === reason;

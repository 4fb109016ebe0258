/** Refusals of the server as sentences. */
import { t, textOr } from "./texts";

/** Returns the sentence for a refusal: our text for its reason, else the server's sentence, else a general one. */
export function sentence(error: unknown): string {
  const { reason, message } = (typeof error === "object" && error !== null ? error : {}) as {
    reason?: unknown;
    message?: unknown;
  };
  const fallback = typeof message === "string" && message !== "" && message !== reason ? message : t("error.generic");
  return typeof reason === "string" ? textOr(`error.${reason}`, fallback) : fallback;
}

/** The sentences that tell staff why the server refused what the page asked for, and how a session ended. */

import type { CrowdedReason, EndReason, RequestReason } from "../messages";
import type { FailureReason } from "../room/connection";
import type { OneOf } from "../ui/one-of";
import type { ApiFailure } from "./api";
import { t, textOr, type TextKey } from "./texts";

/** All reasons with which a request from the console or the operator's page can fail. There are other types for the reasons
 *  with which pictures and the sign-in fail. */
type Reason = FailureReason | RequestReason | CrowdedReason | OneOf<ApiFailure, "unreachable" | "no_reason">;

/** Reasons that are faults of the page, of the server or of the network between them. The person can only try again. */
type Fault = OneOf<
  Reason,
  | "bad_message"
  | "bad_request"
  | "bad_sdp"
  | "bad_board"
  | "bad_reply"
  | "unknown_line"
  | "stale_fence"
  | "stale_epoch"
  | "no_room"
  | "no_peer"
  | "duplicate"
  | "draining"
  | "wrong_method"
  | "too_many_sockets"
  | "failed"
  | "internal"
  | "no_reason"
>;

/** Reasons that only visitors get, or that occur only when pictures and files are sent. */
type Elsewhere = OneOf<
  Reason,
  | "closed"
  | "session_full"
  | "too_many_pictures"
  | "pictures"
  | "too_many_files"
  | "files"
  | "files_off"
  | "file_too_large"
  | "disk_full"
  | "past_off"
  | "form_needed"
  | "open_elsewhere"
>;

/** Reasons for which the server's own sentence is shown, because only that sentence says what is wrong, for example in which
 *  line of a file. */
const DETAILED = new Set<Reason>(["bad_table", "bad_plan", "bad_provider"]);

/** Returns the sentence for a refusal: the page's text for the refusal's reason, else the server's sentence, else a general one.
 *  If the reason is in `DETAILED`, returns the page's text and then the server's sentence. */
export function sentence(error: unknown): string {
  const { reason, message } = (typeof error === "object" && error !== null ? error : {}) as {
    reason?: Reason;
    message?: unknown;
  };
  const fallback = typeof message === "string" && message !== "" && message !== reason ? message : t("error.generic");
  if (reason === undefined) return fallback;
  const key: TextKey = `error.${reason as Exclude<Reason, Fault | Elsewhere>}`;
  return DETAILED.has(reason) ? `${textOr(key, "")} ${fallback}` : textOr(key, fallback);
}

/** Returns how a session ended, in words; "" while it goes on. */
export const endText = (reason: EndReason | ""): string =>
  reason === "" ? "" : textOr(`after.reason.${reason}` satisfies TextKey, reason);

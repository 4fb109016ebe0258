/** Refusals, and the ends of sessions, as sentences. */

import type { CrowdedReason, EndReason, RequestReason } from "../messages";
import type { FailureReason } from "../room/connection";
import type { OneOf } from "../ui/one-of";
import type { ApiFailure } from "./api";
import { t, textOr, type TextKey } from "./texts";

/** Everything that may refuse a person at the console or the operator's page; for pictures and the sign-in, see there. */
type Reason = FailureReason | RequestReason | CrowdedReason | OneOf<ApiFailure, "unreachable" | "no_reason">;

/** A fault of a page, of the server or between them: the person can only try again. */
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

/** Refusals that only visitors or the sending of pictures and files meet. */
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
>;

/** Refusals whose sentence of the server names the place, such as the line of a file. */
const DETAILED = new Set<Reason>(["bad_table", "bad_plan"]);

/** Returns the sentence for a refusal: our text for its reason, else the server's sentence, else a general one. */
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

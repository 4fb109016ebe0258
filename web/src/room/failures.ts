/** The sentences that tell a visitor why a request to the server failed. */

import type { PeerEndReason } from "../messages";
import type { OneOf } from "../ui/one-of";
import { RequestError, type FailureReason } from "./connection";
import { anyText, isKey, t, type RoomKey } from "./words";

/** Reasons that have a sentence of their own, because a visitor can do something about the failure. */
type Told = OneOf<FailureReason, "offline" | "timeout" | "wrong_state" | "closed" | "too_often" | "replaced">;

/** Returns the sentence for a refused or unanswered request of a visitor. */
export function failureText(error: unknown): string {
  const key: RoomKey = `failed.${(error instanceof RequestError ? error.reason : "timeout") as Told}`;
  return t(isKey(key) ? key : "failed.other");
}

/** Returns why a line was not delivered, as a part of a sentence. */
export function lineFailure(reason: FailureReason): string {
  return anyText(`refused.${reason}`) || t("refused.other");
}

/** Reasons for which the person's own network probably ended the connection. All other reasons are faults of a browser or a
 *  server. */
const BY_NETWORK: readonly PeerEndReason[] = ["never_connected", "silent", "no_consent"];

/** Returns the sentence for a peer connection that the media worker has ended. */
export const peerEndText = (reason: PeerEndReason): string => t(BY_NETWORK.includes(reason) ? "ended.network" : "ended.fault");

/** Why a microphone, camera or screen could not be had, as a key of the texts. Pure. */

export type Problem = "" | "blocked" | "missing" | "busy" | "insecure" | "failed";

/** By the name of the DOMException of getUserMedia (W3C Media Capture and Streams, 10.3) and its older names. */
const BY_NAME: Record<string, Problem> = {
  NotAllowedError: "blocked",
  PermissionDeniedError: "blocked",
  SecurityError: "insecure",
  NotFoundError: "missing",
  OverconstrainedError: "missing",
  NotReadableError: "busy",
  TrackStartError: "busy",
  AbortError: "busy",
};

export function problemOf(error: unknown): Problem {
  const name = typeof error === "object" && error !== null && "name" in error ? String(error.name) : "";
  return BY_NAME[name] ?? "failed";
}

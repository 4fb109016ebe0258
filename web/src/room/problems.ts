/** Turns an error of getUserMedia or getDisplayMedia into a `Problem`: a word for why a microphone, camera or screen is not
 *  available. Pure. */

export type Problem = "" | "blocked" | "missing" | "busy" | "insecure" | "failed";

/** Maps the name of a DOMException to the problem (W3C Media Capture and Streams, 10.3). Includes older names. */
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

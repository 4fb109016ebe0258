/** The staff's HTTP calls: JSON in and out, the sign-in in a cookie, errors with a reason. */

import type { HttpReason } from "../messages";

/** The server's reason, or ours: no answer came, or one without a reason (from something between us and the server). */
export type ApiFailure = HttpReason | "unreachable" | "no_reason";

export class ApiError extends Error {
  override name = "ApiError";

  /** `retry_after_s`: when the server says when to try again. */
  constructor(
    readonly reason: ApiFailure,
    message = "",
    readonly status = 0,
    readonly retry_after_s: number | null = null,
  ) {
    super(message || reason);
  }
}

export interface Signed {
  id: string;
  name: string;
  role: "counselor" | "professional" | "operator";
}

async function refusal(response: Response): Promise<ApiError> {
  const body = (await response.json().catch(() => ({}))) as { reason?: unknown; message?: unknown };
  const wait = Number(response.headers.get("Retry-After"));
  return new ApiError(
    typeof body.reason === "string" ? (body.reason as HttpReason) : "no_reason",
    typeof body.message === "string" ? body.message : "",
    response.status,
    Number.isFinite(wait) && wait > 0 ? wait : null,
  );
}

async function call(method: string, path: string, body?: unknown): Promise<unknown> {
  let response: Response;
  try {
    response = await fetch(path, {
      method,
      credentials: "same-origin",
      headers: body === undefined || body instanceof Blob ? {} : { "Content-Type": "application/json" },
      body: body === undefined || body instanceof Blob ? body : JSON.stringify(body),
    });
  } catch {
    throw new ApiError("unreachable");
  }
  if (!response.ok) throw await refusal(response);
  return response.status === 204 ? null : ((await response.json().catch(() => null)) as unknown);
}

export const get = (path: string) => call("GET", path);
/** Sends JSON, or a file as it is. */
export const post = (path: string, body: unknown = {}) => call("POST", path, body);

export async function whoAmI(): Promise<Signed | null> {
  try {
    return (await get("/api/me")) as Signed;
  } catch (error) {
    if (error instanceof ApiError && (error.status === 401 || error.status === 403)) return null;
    throw error;
  }
}

export const signIn = (login: string, password: string) => post("/api/sign-in", { login, password }) as Promise<Signed>;
/** Signs out and deletes what this tab stored of sessions (drafts, unsent lines). */
export async function signOut(): Promise<void> {
  await post("/api/sign-out");
  sessionStorage.clear();
}

/**
 * Returns a session's picture as an object URL, which the caller revokes. Null when it is refused or unavailable.
 * `via`: my session with the same visitor, for a picture of an earlier one.
 */
export async function picture(id: string, via = ""): Promise<string | null> {
  try {
    const query = via === "" ? "" : `?via=${encodeURIComponent(via)}`;
    const response = await fetch(`/api/pictures/${encodeURIComponent(id)}${query}`, { credentials: "same-origin" });
    return response.ok ? URL.createObjectURL(await response.blob()) : null;
  } catch {
    return null;
  }
}

/** The staff's HTTP calls. They send and receive JSON, authenticate by a cookie, and reject with a reason. */

import type { Action, FieldProblem, HttpReason, StaffRole } from "../messages";

/** Why a call failed: a reason of the server, or a reason of this page. `unreachable`: no answer came. `no_reason`: the answer
 *  gave no reason, as when a proxy answers in place of the server. */
export type ApiFailure = HttpReason | "unreachable" | "no_reason";

export class ApiError extends Error {
  override name = "ApiError";

  /** `retry_after_s`: after how many seconds to try again, if the server says so. */
  constructor(
    readonly reason: ApiFailure,
    message = "",
    readonly status = 0,
    readonly retry_after_s: number | null = null,
    /** Field of the sent form → what is wrong with it. */
    readonly fields: Record<string, FieldProblem> = {},
  ) {
    super(message || reason);
  }
}

export interface Signed {
  id: string;
  name: string;
  role: "counselor" | "professional" | "operator";
  /** Whether the person must set up a second factor before they can work. */
  must_set_up: boolean;
  roles: StaffRole[];
  /** The actions that the signed-in person's roles allow. */
  may: Action[];
}

async function refusal(response: Response): Promise<ApiError> {
  const body = (await response.json().catch(() => ({}))) as {
    reason?: unknown;
    message?: unknown;
    fields?: Record<string, FieldProblem>;
  };
  const wait = Number(response.headers.get("Retry-After"));
  return new ApiError(
    typeof body.reason === "string" ? (body.reason as HttpReason) : "no_reason",
    typeof body.message === "string" ? body.message : "",
    response.status,
    Number.isFinite(wait) && wait > 0 ? wait : null,
    body.fields ?? {},
  );
}

async function call(method: string, path: string, body?: unknown, signal?: AbortSignal): Promise<unknown> {
  let response: Response;
  try {
    response = await fetch(path, {
      method,
      credentials: "same-origin",
      headers: body === undefined || body instanceof Blob ? {} : { "Content-Type": "application/json" },
      body: body === undefined || body instanceof Blob ? body : JSON.stringify(body),
      signal,
    });
  } catch {
    throw new ApiError("unreachable");
  }
  if (!response.ok) throw await refusal(response);
  return response.status === 204 ? null : ((await response.json().catch(() => null)) as unknown);
}

export const get = (path: string) => call("GET", path);
/** Sends `body` as JSON, or a file unchanged. When `signal` is aborted, the call is cancelled and rejects. */
export const post = (path: string, body: unknown = {}, signal?: AbortSignal) => call("POST", path, body, signal);

export async function whoAmI(): Promise<Signed | null> {
  try {
    return (await get("/api/me")) as Signed;
  } catch (error) {
    if (error instanceof ApiError && (error.status === 401 || error.status === 403)) return null;
    throw error;
  }
}

/** The ways to sign in that the server offers in addition to a password. */
export interface Offered {
  /** The name on the button of the OpenID provider, or "" if none is set up. */
  provider: string;
  /** Whether somebody who has forgotten their password can get a link by mail. */
  mail: boolean;
}

export const waysToSignIn = (organisation: string) => get(`/api/sign-in${ofOrganisation(organisation)}`) as Promise<Offered>;
/** Returns the query of a request about signing in to an organisation; "" when no organisation is named. */
export const ofOrganisation = (organisation: string) =>
  organisation === "" ? "" : `?organisation=${encodeURIComponent(organisation)}`;

/** Signs in with a password. `code`: the digits that the authenticator app shows, or a recovery code; "" until the server asks
 *  for one. */
export const signIn = (login: string, password: string, code: string) =>
  post("/api/sign-in", { login, password, code }) as Promise<Signed>;
/** Signs out, and deletes the drafts and unsent lines that this tab stored. */
export async function signOut(): Promise<void> {
  await post("/api/sign-out");
  sessionStorage.clear();
}

/** Returns a picture as an object URL, which the caller must revoke; null when the server does not give the picture. `via`:
 *  for a picture of an earlier session, the id of my current session with the same visitor. */
export async function picture(id: string, via = ""): Promise<string | null> {
  try {
    const query = via === "" ? "" : `?via=${encodeURIComponent(via)}`;
    const response = await fetch(`/api/pictures/${encodeURIComponent(id)}${query}`, { credentials: "same-origin" });
    return response.ok ? URL.createObjectURL(await response.blob()) : null;
  } catch {
    return null;
  }
}

/** The HTTP calls of staff about their own account. */

import { get, post } from "../api";

export interface SignInItem {
  id: string;
  device: string;
  network: string;
  since: number;
  seen_at: number;
  /** Whether the person uses this sign-in now, in this browser. */
  here: boolean;
}

export interface PasskeyItem {
  id: string;
  name: string;
  /** The host of the pages on which the passkey can be used. */
  host: string;
  created_at: number;
  /** When the passkey was last used; 0 if never. */
  used_at: number;
}

export interface SecondFactors {
  app: boolean;
  recovery_codes: number;
  passkeys: PasskeyItem[];
  required: boolean;
  /** Whether the person signs in at the OpenID provider, and has no password and no second factor on this server. */
  by_provider: boolean;
}

export interface NewApp {
  secret: string;
  address: string;
  /** The QR code that an authenticator app reads, as an SVG image. */
  qr: string;
}

export interface RecoveryCodes {
  recovery_codes: string[];
}

export const changePassword = (old: string, fresh: string) => post("/api/password", { old, new: fresh });
export const resetPassword = (token: string, fresh: string) =>
  post("/api/password/reset", { token, new: fresh }) as Promise<{ login: string }>;
export const forgotPassword = (login: string) => post("/api/password/forgot", { login });
export const endStranger = (token: string) => post("/api/sign-ins/stranger", { token }) as Promise<{ login: string }>;
export const prove = (password: string) => post("/api/prove", { password });

/** The person's own mail address. `may_change`: whether the person can change the address on this page. */
export interface OwnMail {
  mail: string;
  may_change: boolean;
}

export const ownMail = () => get("/api/account/mail") as Promise<OwnMail>;
export const changeMail = (mail: string) => post("/api/account/mail", { mail });
export const confirmMail = (token: string) => post("/api/account/mail/confirm", { token }) as Promise<{ mail: string }>;

export const signIns = () => get("/api/sign-ins") as Promise<SignInItem[]>;
export const endSignIn = (id: string) => post(`/api/sign-ins/${encodeURIComponent(id)}/end`);
export const endOthers = () => post("/api/sign-ins/end-others");

export const secondFactors = () => get("/api/second-factors") as Promise<SecondFactors>;
export const beginApp = () => post("/api/second-factors/app") as Promise<NewApp>;
export const confirmApp = (code: string) => post("/api/second-factors/app/confirm", { code }) as Promise<RecoveryCodes>;
export const removeApp = () => post("/api/second-factors/app/remove");
export const newRecoveryCodes = () => post("/api/second-factors/recovery-codes") as Promise<RecoveryCodes>;

export const renamePasskey = (id: string, name: string) => post(`/api/passkeys/${encodeURIComponent(id)}/name`, { name });
export const removePasskey = (id: string) => post(`/api/passkeys/${encodeURIComponent(id)}/remove`);

export interface Calendar {
  on: boolean;
  /** The calendar's address. The server sends this address only once, when the server makes it; otherwise "". */
  url: string;
}

export const calendar = () => get("/api/calendar") as Promise<Calendar>;
export const renewCalendar = () => post("/api/calendar", {}) as Promise<Calendar>;
export const removeCalendar = () => post("/api/calendar/remove", {}) as Promise<Calendar>;

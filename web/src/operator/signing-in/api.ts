/** What operators ask about how staff sign in. */

import { get, post } from "../../staff/api";

export interface Rules {
  second_factor: "off" | "required";
  /** "only": no passwords and no passkeys. */
  provider: "offered" | "only";
  /** How long a sign-in lasts; 0 for the standard of 12 hours. */
  hours: number;
}

export interface RulesPage {
  rules: Rules;
  has_provider: boolean;
}

/** The rules of an organisation. Of its own and the installation's, the stricter one counts. */
export interface OwnRules {
  own: Rules;
  installation: Rules;
  /** There is no other organisation: the rules of the installation suffice. */
  alone: boolean;
  has_provider: boolean;
}

export interface PasswordLink {
  link: string;
  expires_at: number;
}

export const rules = () => get("/api/operator/sign-in-rules") as Promise<RulesPage>;
export const ownRules = () => get("/api/settings/sign-in-rules") as Promise<OwnRules>;
export const saveOwnRules = (wanted: Rules) => post("/api/settings/sign-in-rules", wanted) as Promise<Rules>;
export const saveRules = (wanted: Rules) => post("/api/operator/sign-in-rules", wanted) as Promise<Rules>;
export const passwordLink = (login: string) => post("/api/operator/password-links", { login }) as Promise<PasswordLink>;

export interface RoleRule {
  value: string;
  role: "counselor" | "professional" | "supervisor" | "manager" | "owner";
}

export interface ProviderForm {
  issuer: string;
  client_id: string;
  /** "" keeps the stored secret. */
  client_secret: string;
  /** On the button of the sign-in page. */
  name: string;
  scopes: string;
  role_claim: string;
  roles: RoleRule[];
  languages: string[];
}

export interface ProviderPage {
  provider: (Omit<ProviderForm, "client_secret"> & { has_secret: boolean }) | null;
  /** Addresses to register at the provider. */
  callbacks: string[];
  logout: string;
}

export const provider = () => get("/api/operator/sign-in-provider") as Promise<ProviderPage>;
/** Null removes the provider. */
export const saveProvider = (wanted: ProviderForm | null) =>
  post("/api/operator/sign-in-provider", { provider: wanted }) as Promise<ProviderPage>;

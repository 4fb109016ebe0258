/** The operators' HTTP calls about how staff sign in: rules, the OpenID provider, and links for a new password. */

import { get, post } from "../../staff/api";

export interface Rules {
  second_factor: "off" | "required";
  /** "offered": staff can also sign in at the OpenID provider. "only": staff must sign in there, and no password or passkey
   *  works. */
  provider: "offered" | "only";
  /** How many hours a sign-in lasts; 0 stands for the standard of 12 hours. */
  hours: number;
}

/** The rules as they are stored. A change sends `version` back, so that nobody overwrites a change of somebody else. */
export interface StoredRules extends Rules {
  version: string;
}

export interface RulesPage {
  rules: StoredRules;
  has_provider: boolean;
}

/** The sign-in rules of an organisation (`own`), and those of the installation. If the two have a different rule for the same
 *  thing, the stricter rule applies. */
export interface OwnRules {
  own: StoredRules;
  installation: Rules;
  /** Whether the installation has no other organisation. In this case, the rules of the installation suffice. */
  alone: boolean;
  has_provider: boolean;
}

export interface PasswordLink {
  link: string;
  expires_at: number;
}

export const rules = () => get("/api/operator/sign-in-rules") as Promise<RulesPage>;
export const ownRules = () => get("/api/settings/sign-in-rules") as Promise<OwnRules>;
export const saveOwnRules = (wanted: StoredRules) => post("/api/settings/sign-in-rules", wanted) as Promise<StoredRules>;
export const saveRules = (wanted: StoredRules) => post("/api/operator/sign-in-rules", wanted) as Promise<StoredRules>;
export const passwordLink = (login: string) => post("/api/operator/password-links", { login }) as Promise<PasswordLink>;

export interface RoleRule {
  value: string;
  role: "counselor" | "professional" | "supervisor" | "manager" | "owner";
}

export interface ProviderForm {
  issuer: string;
  client_id: string;
  /** The client secret that the provider has given. "" keeps the stored one. */
  client_secret: string;
  /** The provider's name on the button of the sign-in page. */
  name: string;
  scopes: string;
  role_claim: string;
  roles: RoleRule[];
  languages: string[];
}

export interface ProviderPage {
  provider: (Omit<ProviderForm, "client_secret"> & { has_secret: boolean }) | null;
  /** The addresses of this server to which the provider sends people back. The operator registers these addresses at the
   *  provider. */
  callbacks: string[];
  logout: string;
  /** The pages on which staff of the organisation find the button of the organisation's own provider; empty for the
   *  installation's provider. */
  pages: string[];
}

export const provider = () => get("/api/operator/sign-in-provider") as Promise<ProviderPage>;
export const ownProvider = () => get("/api/settings/sign-in-provider") as Promise<ProviderPage>;
/** Stores the settings of the organisation's own OpenID provider. Null removes the provider. */
export const saveOwnProvider = (wanted: ProviderForm | null) =>
  post("/api/settings/sign-in-provider", { provider: wanted }) as Promise<ProviderPage>;
/** Stores the settings of the installation's OpenID provider. Null removes the provider. */
export const saveProvider = (wanted: ProviderForm | null) =>
  post("/api/operator/sign-in-provider", { provider: wanted }) as Promise<ProviderPage>;

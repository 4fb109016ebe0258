/** What operators ask about how staff sign in. */

import { get, post } from "../../staff/api";

export interface Rules {
  second_factor: "off" | "required";
}

export interface PasswordLink {
  link: string;
  expires_at: number;
}

export const rules = () => get("/api/operator/sign-in-rules") as Promise<Rules>;
export const saveRules = (wanted: Rules) => post("/api/operator/sign-in-rules", wanted) as Promise<Rules>;
export const passwordLink = (login: string) => post("/api/operator/password-links", { login }) as Promise<PasswordLink>;

import { describe, expect, it } from "vitest";
import { formOf, tidy } from "./provider-card";

const stored = {
  issuer: "https://id.example",
  client_id: "sangdam",
  has_secret: true,
  name: "",
  scopes: "openid",
  role_claim: "roles",
  roles: [{ value: "desk", role: "counselor" as const }],
  languages: ["ko"],
};

describe("the form of a provider", () => {
  it("has the stored settings, and never a secret", () => {
    const form = formOf({ provider: stored, callbacks: [], logout: "", pages: [] });
    expect(form).toEqual({ ...stored, has_secret: undefined, client_secret: "" });
    expect(formOf({ provider: null, callbacks: [], logout: "", pages: [] }).scopes).toContain("openid");
  });

  it("is sent without spaces around and without empty rules", () => {
    const form = formOf({ provider: stored, callbacks: [], logout: "", pages: [] });
    const typed = { ...form, issuer: " https://id.example ", roles: [...form.roles, { value: " ", role: "owner" as const }] };
    expect(tidy({ ...typed, languages: ["ko", "", " en "] })).toEqual({ ...form, languages: ["ko", "en"] });
  });
});

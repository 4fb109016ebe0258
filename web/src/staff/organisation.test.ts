import { expect, it } from "vitest";
import { askedOrganisation } from "./organisation";

it("remembers the organisation that an address has named", () => {
  expect(askedOrganisation("")).toBe("");
  expect(askedOrganisation("?organisation=acme&lang=ko")).toBe("acme");
  expect(askedOrganisation("?lang=ko")).toBe("acme");
  expect(askedOrganisation("?organisation=")).toBe("");
  expect(askedOrganisation("")).toBe("");
});

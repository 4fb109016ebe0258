/** WebAuthn in this browser, between the server's options and the browser's answer. */

import { post } from "../api";

interface Ceremony<Options> {
  options: Options;
  /** Goes back to the server with the browser's answer. */
  ticket: string;
}

/** Returns whether this browser has passkeys, and can read their options from JSON, as the server sends them. */
export const hasPasskeys = (): boolean =>
  typeof PublicKeyCredential !== "undefined" && "parseRequestOptionsFromJSON" in PublicKeyCredential;

/** Returns whether the person stopped, or no passkey fits. The browser does not tell these apart. */
export const wasStopped = (error: unknown): boolean =>
  error instanceof DOMException && (error.name === "NotAllowedError" || error.name === "AbortError");

/** Returns whether this device has a passkey of this person already. */
export const isKnown = (error: unknown): boolean => error instanceof DOMException && error.name === "InvalidStateError";

function answerOf(credential: Credential | null): string {
  if (!(credential instanceof PublicKeyCredential)) throw new DOMException("", "NotAllowedError");
  return JSON.stringify(credential.toJSON());
}

/** Makes a passkey and stores it under this name. */
export async function addPasskey(name: string): Promise<unknown> {
  const { options, ticket } = (await post("/api/passkeys/begin")) as Ceremony<PublicKeyCredentialCreationOptionsJSON>;
  const publicKey = PublicKeyCredential.parseCreationOptionsFromJSON(options);
  const credential = answerOf(await navigator.credentials.create({ publicKey }));
  return post("/api/passkeys", { ticket, credential, name });
}

/** Signs in with a passkey. The person chooses it in the browser's own window. */
export async function signInWithPasskey(): Promise<unknown> {
  const { options, ticket } = (await post("/api/passkeys/sign-in/begin")) as Ceremony<PublicKeyCredentialRequestOptionsJSON>;
  const publicKey = PublicKeyCredential.parseRequestOptionsFromJSON(options);
  const credential = answerOf(await navigator.credentials.get({ publicKey }));
  return post("/api/passkeys/sign-in", { ticket, credential });
}

/** Makes and uses passkeys (WebAuthn): passes the server's options to the browser, and the browser's answer to the server. */

import { post } from "../api";

interface Ceremony<Options> {
  options: Options;
  /** A text by which the server recognises these options. The page sends this text back with the browser's answer. */
  ticket: string;
}

/** Returns whether this browser supports passkeys, and can read the options of passkeys from JSON, as the server sends them. */
export const hasPasskeys = (): boolean =>
  typeof PublicKeyCredential !== "undefined" && "parseRequestOptionsFromJSON" in PublicKeyCredential;

/** Returns whether an error means that the person cancelled or that no passkey fits. The browser gives the same error for these
 *  two cases. */
export const wasStopped = (error: unknown): boolean =>
  error instanceof DOMException && (error.name === "NotAllowedError" || error.name === "AbortError");

/** Returns whether an error says that this device already has a passkey of this person. */
export const isKnown = (error: unknown): boolean => error instanceof DOMException && error.name === "InvalidStateError";

function answerOf(credential: Credential | null): string {
  if (!(credential instanceof PublicKeyCredential)) throw new DOMException("", "NotAllowedError");
  return JSON.stringify(credential.toJSON());
}

/** Makes a passkey in the browser, and stores it on the server under this name. */
export async function addPasskey(name: string): Promise<unknown> {
  const { options, ticket } = (await post("/api/passkeys/begin")) as Ceremony<PublicKeyCredentialCreationOptionsJSON>;
  const publicKey = PublicKeyCredential.parseCreationOptionsFromJSON(options);
  const credential = answerOf(await navigator.credentials.create({ publicKey }));
  return post("/api/passkeys", { ticket, credential, name });
}

/** Signs in with a passkey, which the person chooses in the browser's own window. */
export async function signInWithPasskey(): Promise<unknown> {
  const { options, ticket } = (await post("/api/passkeys/sign-in/begin")) as Ceremony<PublicKeyCredentialRequestOptionsJSON>;
  const publicKey = PublicKeyCredential.parseRequestOptionsFromJSON(options);
  const credential = answerOf(await navigator.credentials.get({ publicKey }));
  return post("/api/passkeys/sign-in", { ticket, credential });
}

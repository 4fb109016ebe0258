/** The demo sign-in. For a signed-in visitor, the widget gets an identification code from this shop's back end. With this
 *  code, the back end vouches for the visitor. */

const widget = () => document.querySelector<HTMLScriptElement>('script[src*="/widget.js"]');

function vouch(name: string): void {
  const script = widget();
  if (!script) return;
  if (name) script.dataset.codeUrl = "/sangdam-code";
  else delete script.dataset.codeUrl;
}

async function call(path: string, body?: object): Promise<string> {
  const answer = await fetch(
    path,
    body && { method: "POST", headers: { "content-type": "application/json" }, body: JSON.stringify(body) },
  );
  if (!answer.ok) return "";
  const said: unknown = await answer.json().catch(() => ({}));
  return typeof said === "object" && said !== null && "name" in said && typeof said.name === "string" ? said.name : "";
}

/** Returns the name of the signed-in visitor; "" if nobody is signed in, or if the shop runs without its back end. */
export async function me(): Promise<string> {
  const name = await call("/me").catch(() => "");
  vouch(name);
  return name;
}

/** Signs in under a name and returns that name; "" on failure. */
export async function signIn(name: string): Promise<string> {
  const known = (await call("/sign-in", { name })) || (await call("/me"));
  vouch(known);
  return known;
}

export async function signOut(): Promise<void> {
  await call("/sign-out", {});
  vouch("");
}

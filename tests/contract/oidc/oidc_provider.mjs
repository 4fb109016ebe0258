// An OpenID provider on loopback for tests: npm's certified `oidc-provider`. Tests control it over a few addresses under /test.
//   node oidc_provider.mjs PORT ISSUER REDIRECT_URI LOGOUT_URI
import { createServer } from "node:http";
import { createRequire } from "node:module";
import { fileURLToPath } from "node:url";

const require = createRequire(fileURLToPath(new URL("../../../web/package.json", import.meta.url)));
const { Provider } = await import(require.resolve("oidc-provider"));
const [port, issuer, redirectUri, logoutUri] = process.argv.slice(2);

const people = new Map([
  ["nari", { sub: "nari", preferred_username: "nari", name: "나리", groups: ["staff", "desk"] }],
  ["guest", { sub: "guest", preferred_username: "guest", name: "Guest", groups: ["visitors"] }],
]);
let away = false;
let refusing = false;
let refusal = ""; // the body with which the token endpoint refuses every request; "": it does not refuse them
let refreshing = true; // whether the provider issues refresh tokens
let accessTokenLasts = 3600; // seconds
let speaking = true; // whether the userinfo endpoint names a person's groups; the ID token always names them

const provider = new Provider(issuer, {
  clients: [
    {
      client_id: "sangdam",
      client_secret: "a client secret for tests only",
      redirect_uris: [redirectUri, `${redirectUri}/acme`, `${redirectUri}/main`],
      grant_types: ["authorization_code", "refresh_token"],
      response_types: ["code"],
      backchannel_logout_uri: logoutUri,
      backchannel_logout_session_required: true,
    },
  ],
  claims: { openid: ["sub"], profile: ["name", "preferred_username", "groups", "realm_access"] },
  conformIdTokenClaims: false,
  features: { backchannelLogout: { enabled: true }, devInteractions: { enabled: false } },
  fetch: (url, options) => fetch(url, { ...options, dispatcher: undefined }),
  ttl: { AccessToken: () => accessTokenLasts, IdToken: () => 3600 },
  issueRefreshToken: async () => refreshing,
  loadExistingGrant: async (ctx) => {
    const grant = new ctx.oidc.provider.Grant({ clientId: ctx.oidc.client.clientId, accountId: ctx.oidc.session.accountId });
    grant.addOIDCScope("openid profile email");
    await grant.save();
    return grant;
  },
  findAccount: async (_ctx, id) => {
    const claims = people.get(id);
    if (!claims) return undefined;
    // Keycloak puts the roles into `realm_access`. For a person without groups, the roles are missing, as if Keycloak's mapper
    // were off.
    const realm = claims.groups.length ? { roles: claims.groups } : {};
    const all = { ...claims, realm_access: realm };
    const few = { sub: id, name: claims.name };
    return { accountId: id, claims: async (use) => (use === "id_token" || speaking ? all : few) };
  },
  interactions: { url: (_ctx, interaction) => `/test/interaction/${interaction.uid}` },
  cookies: { keys: ["cookies of a test"] },
});

const answer = provider.callback();
createServer(async (request, response) => {
  const url = new URL(request.url, issuer);
  const [, test, what, id] = url.pathname.split("/");
  if (test === "test" && what !== "interaction") {
    if (what === "away") away = id === "yes";
    if (what === "refuse_client") refusing = id === "yes";
    if (what === "refusal") refusal = url.searchParams.get("body");
    if (what === "refresh_tokens") refreshing = id === "yes";
    if (what === "access_token_lasts") accessTokenLasts = Number(id);
    if (what === "user_info_groups") speaking = id === "yes";
    if (what === "groups") people.get(id).groups = url.searchParams.getAll("group");
    if (what === "deactivate") people.delete(id);
    if (what === "logout") await signOutEverywhere(id);
    response.end("ok");
  } else if (away) {
    response.statusCode = 503;
    response.end();
  } else if (refusal && url.pathname === "/token") {
    response.statusCode = 400;
    response.end(refusal);
  } else if (refusing && url.pathname === "/token") {
    // The request gets a wrong client secret, as if the provider had renewed the secret.
    request.headers.authorization = `Basic ${Buffer.from("sangdam:an old secret").toString("base64")}`;
    answer(request, response);
  } else if (test === "test") {
    // Sign in the person named by `login_hint`, without asking. If no person is named, sign in Nari.
    const { params } = await provider.interactionDetails(request, response);
    await provider.interactionFinished(request, response, { login: { accountId: params.login_hint ?? "nari" } });
  } else answer(request, response);
}).listen(Number(port), "127.0.0.1", () => console.log("ready"));

/** Sends a logout token for this person, as the provider does when they sign out there. */
async function signOutEverywhere(accountId) {
  const client = await provider.Client.find("sangdam");
  await client.backchannelLogout(accountId, sids.get(accountId) ?? "");
}

const sids = new Map();
provider.on("grant.success", (ctx) => {
  const { accountId, sid } = ctx.oidc.entities.AuthorizationCode ?? {};
  if (accountId && sid) sids.set(accountId, sid);
});

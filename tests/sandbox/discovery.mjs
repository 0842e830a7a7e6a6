/** What sign-in libraries ask first: the metadata of a tenant and of the cloud; and the tokens that say who has signed in. */
import { CONSUMER_TENANT, TENANT } from "./world.mjs";

function base64url(value) {
  return Buffer.from(JSON.stringify(value)).toString("base64url");
}

function tenantOf({ kind }) {
  return kind === "personal" ? CONSUMER_TENANT : TENANT;
}

/** The tenant as the issuer names it: a placeholder where the address leaves it open. */
function issuerTenant(tenant) {
  if (tenant === "consumers") return CONSUMER_TENANT;
  if (["common", "organizations"].includes(tenant)) return "{tenantid}";
  return tenant.includes(".") ? TENANT : tenant;
}

export function openidConfiguration(host, tenant) {
  const base = `${host}/${tenant}`;
  return {
    issuer: `${host}/${issuerTenant(tenant)}/v2.0`,
    authorization_endpoint: `${base}/oauth2/v2.0/authorize`,
    token_endpoint: `${base}/oauth2/v2.0/token`,
    device_authorization_endpoint: `${base}/oauth2/v2.0/devicecode`,
    jwks_uri: `${base}/discovery/v2.0/keys`,
    token_endpoint_auth_methods_supported: ["client_secret_post", "private_key_jwt", "client_secret_basic"],
    response_modes_supported: ["query", "fragment", "form_post"],
    response_types_supported: ["code", "id_token", "code id_token", "id_token token"],
    scopes_supported: ["openid", "profile", "email", "offline_access"],
    subject_types_supported: ["pairwise"],
    id_token_signing_alg_values_supported: ["RS256"],
    tenant_region_scope: null,
    cloud_instance_name: new URL(host).host,
  };
}

/** Which hosts are one cloud. */
export function instanceDiscovery(host, tenant) {
  const name = new URL(host).host;
  return {
    tenant_discovery_endpoint: `${host}/${tenant}/v2.0/.well-known/openid-configuration`,
    "api-version": "1.1",
    metadata: [{ preferred_network: name, preferred_cache: name, aliases: [name] }],
  };
}

/** Not signed: a client that got it over TLS from the token endpoint need not check. */
export function idToken(host, account, { client, nonce }) {
  const { id, userPrincipalName, displayName } = account;
  const tid = tenantOf(account);
  const iat = Math.floor(Date.now() / 1000);
  const claims = { aud: client, iss: `${host}/${tid}/v2.0`, iat, nbf: iat, exp: iat + 3600, tid, oid: id, sub: id, ver: "2.0" };
  Object.assign(claims, { preferred_username: userPrincipalName, name: displayName, ...(nonce ? { nonce } : {}) });
  return `${base64url({ typ: "JWT", alg: "none" })}.${base64url(claims)}.`;
}

/** What libraries name an account by: its id in its home tenant. */
export function clientInfo(account) {
  return base64url({ uid: account.id, utid: tenantOf(account) });
}

/**
 * Every path the Worker answers, and who may use it. What is logged, and what the cross-tenant
 * tests try, comes from this table; a test holds it against the routes that are really mounted.
 *
 * - `public`: anyone; nothing of an account is shown or changed
 * - `sign-in`: anyone, with a form bound to the browser or a state bound to it
 * - `owner`: a signed-in owner; POST forms carry the session's token
 * - `sidecar`: a device key or a poll token
 * - `page`: the token of a page that the owner's PC named
 * - `oauth`: the authorization server's own protocol
 * - `bearer`: an access token
 */
export type Guard = "public" | "sign-in" | "owner" | "sidecar" | "page" | "oauth" | "bearer";

export interface Route {
  method: "GET" | "POST" | "DELETE";
  path: string;
  guard: Guard;
}

const route = (guard: Guard, method: Route["method"], path: string): Route => ({
  method,
  path,
  guard,
});

/** Answered by the OAuth library. */
export const OAUTH_ROUTES: readonly Route[] = [
  route("bearer", "POST", "/mcp"),
  route("oauth", "POST", "/token"),
  route("oauth", "POST", "/register"),
  route("public", "GET", "/.well-known/oauth-authorization-server"),
  route("public", "GET", "/.well-known/oauth-protected-resource"),
  route("public", "GET", "/.well-known/oauth-protected-resource/mcp"),
];

/** Answered by pages and relay entrance; assets aside, whose names hold their content's hash. */
export const PAGE_ROUTES: readonly Route[] = [
  route("public", "GET", "/healthz"),
  route("public", "GET", "/readyz"),
  route("public", "GET", "/app.webmanifest"),
  route("public", "GET", "/apple-touch-icon.png"),
  route("public", "GET", "/favicon.ico"),
  route("public", "GET", "/service-worker.js"),
  route("public", "GET", "/offline"),
  route("public", "GET", "/.well-known/security.txt"),
  route("public", "GET", "/audit/:log/checkpoint"),
  route("public", "GET", "/audit/:log/vkey"),
  route("public", "GET", "/audit/:log/tile/*"),
  route("sidecar", "GET", "/relay/:account"),
  route("sidecar", "POST", "/pairing"),
  route("sidecar", "GET", "/pairing"),
  route("sidecar", "DELETE", "/pairing"),
  route("sidecar", "POST", "/recovery"),
  route("sidecar", "POST", "/use-this-pc"),
  route("sidecar", "POST", "/audit-export"),
  route("sidecar", "POST", "/leave"),
  route("page", "GET", "/approver/v1/pending"),
  route("page", "GET", "/approver/v1/receipts"),
  route("page", "POST", "/approver/v1/approvals"),
  route("sign-in", "GET", "/sign-in"),
  route("sign-in", "POST", "/sign-in"),
  route("sign-in", "POST", "/sign-in/passkey"),
  route("sign-in", "GET", "/sign-in/oidc"),
  route("sign-in", "GET", "/sign-in/oidc/callback"),
  route("sign-in", "GET", "/sign-in/recover"),
  route("sign-in", "POST", "/sign-in/recover"),
  route("sign-in", "GET", "/sign-up"),
  route("sign-in", "POST", "/sign-up"),
  route("sign-in", "POST", "/sign-out"),
  route("owner", "GET", "/authorize"),
  route("owner", "POST", "/authorize"),
  route("owner", "GET", "/confirm"),
  route("owner", "POST", "/confirm"),
  route("owner", "GET", "/"),
  route("owner", "GET", "/live"),
  route("owner", "GET", "/attention"),
  route("owner", "GET", "/pair"),
  route("owner", "POST", "/pair"),
  route("owner", "POST", "/pair/confirm"),
  route("owner", "GET", "/sidecars"),
  route("owner", "POST", "/sidecars/choose"),
  route("owner", "POST", "/sidecars/revoke"),
  route("owner", "GET", "/clients"),
  route("owner", "GET", "/clients/access"),
  route("owner", "POST", "/clients/access"),
  route("owner", "GET", "/clients/change"),
  route("owner", "POST", "/clients/change"),
  route("owner", "POST", "/clients/revoke"),
  route("owner", "POST", "/clients/revoke-all"),
  route("owner", "POST", "/clients/readmit"),
  route("owner", "GET", "/audit"),
  route("owner", "GET", "/audit/:log/tile/entries/*"),
  route("owner", "GET", "/security"),
  route("owner", "GET", "/security/passkeys/new"),
  route("owner", "POST", "/security/passkeys"),
  route("owner", "POST", "/security/passkeys/remove"),
  route("owner", "POST", "/security/token-sign-in"),
  route("owner", "POST", "/security/recovery/stop"),
  route("owner", "GET", "/security/delete"),
  route("owner", "POST", "/security/delete"),
  route("owner", "POST", "/security/sessions/end"),
  route("owner", "POST", "/security/sessions/end-others"),
  route("owner", "POST", "/audit/retention"),
  route("owner", "POST", "/audit/erase"),
  route("owner", "GET", "/orders"),
  route("owner", "GET", "/orders/question"),
  route("owner", "GET", "/orders/proof"),
  route("owner", "POST", "/orders/answer"),
  route("owner", "POST", "/orders/cancel"),
  route("owner", "GET", "/approvals"),
  route("owner", "GET", "/approvals/:id"),
  route("owner", "POST", "/approvals/:id/approve"),
  route("owner", "POST", "/approvals/:id/deny"),
  route("owner", "GET", "/trading"),
  route("owner", "POST", "/trading/switch"),
  route("owner", "POST", "/trading/checklist"),
  route("owner", "POST", "/trading/kill"),
  route("owner", "GET", "/trading/flatten"),
  route("owner", "GET", "/trading/lift"),
  route("owner", "POST", "/trading/lift"),
  route("owner", "POST", "/trading/lift/elsewhere"),
  route("owner", "GET", "/trading/policy"),
  route("owner", "POST", "/trading/policy"),
  route("owner", "POST", "/trading/policy/change"),
  route("owner", "POST", "/trading/policy/elsewhere"),
  route("owner", "GET", "/mandates"),
  route("owner", "GET", "/mandates/new"),
  route("owner", "POST", "/mandates/review"),
  route("owner", "POST", "/mandates/sign"),
  route("owner", "GET", "/mandates/limits"),
  route("owner", "POST", "/mandates/limits"),
  route("owner", "GET", "/mandates/:id"),
  route("owner", "POST", "/mandates/:id/number"),
  route("owner", "POST", "/mandates/:id/show"),
  route("owner", "POST", "/mandates/:id/revoke"),
  route("owner", "GET", "/invitations"),
  route("owner", "POST", "/invitations"),
  route("owner", "POST", "/invitations/withdraw"),
];

/** One pattern for each path, the plain ones first: `/a/b` is not the `:id` of `/a/:id`. */
const LABELS = [...new Set([...OAUTH_ROUTES, ...PAGE_ROUTES].map(({ path }) => path))]
  .sort((a, b) => Number(a.includes(":")) - Number(b.includes(":")))
  .map((path) => ({
    path,
    form: new RegExp(`^${path.replaceAll(".", "\\.").replaceAll(/:\w+/g, "[^/]+")}$`),
  }));

const GETS = new Set(PAGE_ROUTES.filter(({ method }) => method === "GET").map(({ path }) => path));
const FORMS = new Set(
  PAGE_ROUTES.filter(({ guard, method }) => method === "POST" && /^(owner|sign-in)$/.test(guard))
    .map(({ path }) => path)
    .filter((path) => !GETS.has(path)),
);

/**
 * The page to show to whoever reloads the address of a form that was sent: the nearest one above it.
 * Null for every other address.
 */
export function pageOfSentForm(path: string): string | null {
  if (!FORMS.has(routeLabel(path))) return null;
  let above = path;
  do above = above.slice(0, above.lastIndexOf("/"));
  while (above !== "" && !GETS.has(routeLabel(above)));
  return above || "/";
}

/** A path as it may be logged: the route it is of, and nothing that a caller put into it. */
export function routeLabel(path: string): string {
  if (path.startsWith("/assets/")) return "/assets/*";
  return LABELS.find(({ form }) => form.test(path))?.path ?? "other";
}

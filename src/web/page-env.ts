import type { OAuthHelpers } from "@cloudflare/workers-oauth-provider";
import type { Env, Settings } from "./env.ts";
import type { Oidc } from "./oidc.ts";
import type { Owner } from "./signed-in-owner.ts";

/** What the pages' handlers find on their context. */
export interface PageEnv {
  Bindings: Env & { OAUTH_PROVIDER: OAuthHelpers };
  Variables: {
    /** Of everything that is done, logged and audited on behalf of the request. */
    requestId: string;
    settings: Settings;
    /** The deployment's identity provider; null where it has none. */
    oidc: Oidc | null;
    /** Set on every page that needs one; see `requireOwner`. */
    owner: Owner;
    /** A checked form's fields; see `ownerForm`. */
    form: URLSearchParams;
    /** Hands a request of the same browser to the pages once more; see the confirmation page. */
    again: (request: Request) => Promise<Response>;
  };
}

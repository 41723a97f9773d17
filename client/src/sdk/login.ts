import { randomBytes } from "node:crypto";
import {
  auth,
  OAuthClientFlowError,
  type OAuthClientProvider,
  OAuthError,
  type StoredOAuthClientInformation,
  type StoredOAuthTokens,
} from "@modelcontextprotocol/client";
import { IbkrError } from "./errors.ts";
import type { Login, LoginStore } from "./login-store.ts";
import { listenOnLoopback } from "./loopback.ts";

/** A person has this long at the sign-in page. */
const SIGN_IN_MAX_MS = 10 * 60_000;

export interface SignIn {
  store: LoginStore;
  /** The address of the gateway's MCP endpoint. */
  resource: string;
  /** Separated by spaces; null asks for what the gateway proposes, which is to read. */
  scope: string | null;
  /** Shown to the owner on the consent page. */
  clientName: string;
  /** Brings a person to the address; throws where nobody can be brought there. */
  open(url: string): Promise<void>;
  /**
   * The address that the browser ended at, as a person pastes it: the way back for a browser on
   * another computer, which cannot reach this one. Absent where nobody can paste.
   */
  pasted?(signal: AbortSignal): Promise<string>;
  signal?: AbortSignal | undefined;
}

/** A session of the OAuth library over the store. */
function storedProvider(
  store: LoginStore,
  resource: string,
  person: { redirectUrl: string; clientName: string; state: string; open(url: URL): void },
): OAuthClientProvider {
  let verifier = "";
  const keep = (part: Partial<Login>) => store.change(resource, (login) => ({ ...login, ...part }));
  return {
    redirectUrl: person.redirectUrl,
    clientMetadata: {
      client_name: person.clientName,
      redirect_uris: [person.redirectUrl],
      grant_types: ["authorization_code", "refresh_token"],
      response_types: ["code"],
      token_endpoint_auth_method: "none",
      application_type: "native",
    },
    state: () => person.state,
    async clientInformation(): Promise<StoredOAuthClientInformation | undefined> {
      return (await store.read(resource)).client ?? undefined;
    },
    saveClientInformation: (client) => keep({ client: { ...client } }),
    async tokens(): Promise<StoredOAuthTokens | undefined> {
      return (await store.read(resource)).tokens ?? undefined;
    },
    saveTokens: (tokens) =>
      keep({
        tokens: { ...tokens },
        access_expires_at:
          tokens.expires_in === undefined ? null : Date.now() + tokens.expires_in * 1_000,
      }),
    redirectToAuthorization: (url) => person.open(url),
    saveCodeVerifier: (text) => {
      verifier = text;
    },
    codeVerifier: () => verifier,
    async invalidateCredentials(what) {
      if (what === "tokens" || what === "all")
        await keep({ tokens: null, access_expires_at: null });
      if (what === "client" || what === "all") await keep({ client: null });
    },
  };
}

export function signInRequired(): IbkrError {
  return new IbkrError("SIGN_IN_REQUIRED", "You are not signed in to this gateway.", {
    userAction: "Sign in to the gateway.",
  });
}

/**
 * Brings the owner to the consent page and keeps what he gives. PKCE, the state, the issuer of the
 * answer and the resource (RFC 8707) are checked; a client that is registered already comes again as
 * the same one.
 */
export async function signIn(options: SignIn): Promise<void> {
  const { store, resource, scope } = options;
  const state = randomBytes(24).toString("base64url");
  const loopback = await listenOnLoopback();
  const signal = AbortSignal.any([
    AbortSignal.timeout(SIGN_IN_MAX_MS),
    ...(options.signal === undefined ? [] : [options.signal]),
  ]);
  let asked: URL | null = null;
  const done = new AbortController();
  const provider = storedProvider(store, resource, {
    redirectUrl: loopback.redirectUrl,
    clientName: options.clientName,
    state,
    open: (url) => {
      asked = url;
    },
  });
  const wanted = { serverUrl: resource, ...(scope === null ? {} : { scope }) };
  try {
    await asGatewayErrors(() => auth(provider, { ...wanted, forceReauthorization: true }));
    if (asked === null) throw signInRequired();
    const answered = loopback.answer(state, signal);
    answered.catch(() => {});
    await options.open(String(asked));
    const query = await Promise.race([answered, ...pastedAnswer(options, state, done.signal)]);
    const code = query.get("code");
    if (code === null) {
      throw new IbkrError("SIGN_IN_REQUIRED", "The owner did not give access.", {
        userAction: "Sign in again, and choose what this program may do.",
      });
    }
    const iss = query.get("iss");
    await asGatewayErrors(() =>
      auth(provider, {
        ...wanted,
        authorizationCode: code,
        ...(iss === null ? {} : { iss }),
      }),
    );
  } finally {
    done.abort();
    await loopback.close();
  }
}

/** What a person pastes is held to the same state as what the browser brings. */
function pastedAnswer({ pasted }: SignIn, state: string, signal: AbortSignal) {
  if (pasted === undefined) return [];
  const answer = pasted(signal).then((text) => {
    const address = text.trim();
    const query = URL.canParse(address) ? new URL(address).searchParams : null;
    if (query?.get("state") === state) return query;
    throw new IbkrError("SIGN_IN_REQUIRED", "That is not the address this sign-in ended at.", {
      userAction: "Sign in again, and paste the whole address that the browser shows at its end.",
    });
  });
  answer.catch(() => {});
  return [answer];
}

/** What went wrong with the gateway, in one of the client's own words. */
async function asGatewayErrors<Result>(body: () => Promise<Result>): Promise<Result> {
  try {
    return await body();
  } catch (error) {
    if (error instanceof IbkrError) throw error;
    if (error instanceof OAuthError || error instanceof OAuthClientFlowError) {
      throw new IbkrError("SIGN_IN_REQUIRED", "The gateway did not accept the sign-in.", {
        userAction: "Sign in again.",
        cause: error,
      });
    }
    throw new IbkrError("GATEWAY_UNREACHABLE", "The gateway could not be reached.", {
      retryable: true,
      cause: error,
    });
  }
}

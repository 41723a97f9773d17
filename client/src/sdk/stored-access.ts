import type { Access } from "./access.ts";
import { signIn, signInRequired } from "./login.ts";
import type { LoginStore } from "./login-store.ts";
import { renewTokens } from "./renew-tokens.ts";

/** A token renewed this long before it ends is not refused on its way. */
const RENEW_EARLY_MS = 30_000;

export interface StoredAccess {
  store: LoginStore;
  resource: string;
  /** How a person is asked, where there is one. */
  person?: {
    clientName: string;
    scope: string | null;
    open(url: string): Promise<void>;
  };
}

/**
 * The tokens that a sign-in left. Many processes share them: one renews, the others take what it
 * got, because the gateway takes a refresh token used twice for a stolen one.
 */
export function storedAccess({ store, resource, person }: StoredAccess): Access {
  /** What the last request was made with. */
  let used: string | undefined;

  async function ask(scope: string | null): Promise<void> {
    if (person === undefined) throw signInRequired();
    const { clientName, open } = person;
    await signIn({ store, resource, scope, clientName, open });
  }

  async function renew(refused: string | undefined): Promise<void> {
    const renewed = await store.whileRenewing(async () => {
      const login = await store.read(resource);
      if (login.tokens !== null && login.tokens.access_token !== refused) return true;
      return renewTokens(store, resource, login);
    });
    // Outside the lock: a person takes minutes.
    if (!renewed) await ask(person?.scope ?? null);
  }

  return {
    provider: {
      async token() {
        const login = await store.read(resource);
        if (login.tokens === null) await ask(person?.scope ?? null);
        else if (endsSoon(login.access_expires_at)) await renew(login.tokens.access_token);
        const { tokens } = await store.read(resource);
        used = tokens?.access_token;
        return used;
      },
      onUnauthorized: () => renew(used),
    },
    ...(person === undefined
      ? {}
      : {
          async widen(scope: string) {
            const held = (await store.read(resource)).tokens?.scope ?? "";
            const all = new Set(`${held} ${scope}`.split(" ").filter(Boolean));
            await ask([...all].join(" "));
          },
        }),
  };
}

function endsSoon(at: number | null): boolean {
  return at !== null && at - RENEW_EARLY_MS < Date.now();
}

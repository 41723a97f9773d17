import { tokenRequest } from "../../../scripts/lib/oauth-client.ts";
import { modern } from "../../support/mcp.ts";

/** What a call came to: an answer, a refusal of the gateway's, or nothing at all. */
export type Called =
  // biome-ignore lint/suspicious/noExplicitAny: answers are looked into field by field
  { ok: true; answer: any } | { ok: false; code: string };

/** An MCP client with a grant, that refreshes its token as clients do. */
export interface Client {
  readonly clientId: string;
  call(tool: string, args?: Record<string, unknown>, signal?: AbortSignal): Promise<Called>;
}

/** How long a call is waited for, by the wall: longer than any deadline of the run's time. */
const PATIENCE_MS = 12_000;

export function clientOf(url: string, clientId: string, refreshToken: string): Client {
  let refresh = refreshToken;
  let token = "";
  let refreshing: Promise<void> | null = null;
  const renew = (): Promise<void> => {
    refreshing ??= (async () => {
      const response = await tokenRequest(url, {
        grant_type: "refresh_token",
        refresh_token: refresh,
        client_id: clientId,
        resource: `${url}/mcp`,
      });
      const answer: unknown = await response.json();
      if (typeof answer !== "object" || answer === null || !("access_token" in answer)) {
        throw new Error(`the token was not refreshed (${response.status})`);
      }
      token = String(answer.access_token);
      if ("refresh_token" in answer) refresh = String(answer.refresh_token);
    })().finally(() => {
      refreshing = null;
    });
    return refreshing;
  };
  return {
    clientId,
    async call(tool, args = {}, signal) {
      try {
        if (token === "") await renew();
        for (let tries = 0; ; tries += 1) {
          const sent = modern({ url, token }, "tools/call", { name: tool, arguments: args });
          const answer = await Promise.race([sent, given(signal)]);
          if (answer === null) return { ok: false, code: "no answer" };
          if (answer.status === 401 && tries === 0) {
            await renew();
            continue;
          }
          const result = answer.message?.result;
          if (result === undefined) return { ok: false, code: `status ${answer.status}` };
          const content = result.structuredContent ?? {};
          return result.isError === true && !isAnswer(content)
            ? { ok: false, code: String(content.code ?? "error") }
            : { ok: true, answer: content };
        }
      } catch (thrown) {
        return { ok: false, code: thrown instanceof Error ? thrown.message.slice(0, 60) : "error" };
      }
    },
  };
}

/** Whether the operation was carried out: its no is an answer then, with all that an answer has. */
function isAnswer(content: object): boolean {
  return Object.hasOwn(content, "outcome") || Object.hasOwn(content, "preview");
}

/** Resolves with null when nobody waits any more. */
function given(signal: AbortSignal | undefined): Promise<null> {
  return new Promise((resolve) => {
    const timer = setTimeout(() => resolve(null), PATIENCE_MS);
    timer.unref();
    signal?.addEventListener("abort", () => {
      clearTimeout(timer);
      resolve(null);
    });
  });
}

import type { Settings } from "../web/env.ts";
import { Message } from "../web/page.tsx";
import { contentSecurityPolicy } from "../web/page-headers.ts";

/** Somebody opened the agents' address in a browser: a look by a person, without a token. */
export const isLookByBrowser = ({ method, headers }: Request): boolean =>
  method === "GET" &&
  !headers.has("Authorization") &&
  (headers.get("Accept") ?? "").split(",").some((type) => type.trim().startsWith("text/html"));

/** The same refusal, with a page that says what this address is for. */
export async function explained(refused: Response, { resource }: Settings): Promise<Response> {
  const headers = new Headers(refused.headers);
  headers.delete("Content-Length");
  headers.set("Content-Type", "text/html; charset=UTF-8");
  headers.set("Content-Security-Policy", contentSecurityPolicy());
  headers.set("X-Content-Type-Options", "nosniff");
  headers.set("Cache-Control", "no-store");
  const page = (
    <Message
      title="This address is for AI agents"
      tone="warn"
      back={{ href: "/", label: "Open the console" }}
    >
      <p>
        Add <code>{resource}</code> to your AI agent as an MCP server. It then asks you for access.
      </p>
      <p>Approvals, limits and the stop for trading are in the console.</p>
    </Message>
  );
  const html = `<!doctype html>${await page.toString()}`;
  return new Response(html, { status: refused.status, headers });
}

import type { Context } from "hono";
import { WithCommands } from "../web/copyable-command.tsx";
import { Message, sendPage } from "../web/page.tsx";
import type { PageEnv } from "../web/page-env.ts";

/** What the forms about mandates share: a refusal in words, and JSON that may be none. */
export function mandateRefused(c: Context<PageEnv>, words: string) {
  return sendPage(
    c,
    <Message
      title="Nothing was changed"
      owner={c.get("owner")}
      back={{ href: "/mandates", label: "Back to your mandates" }}
    >
      <p>
        <WithCommands text={words} />
      </p>
    </Message>,
    { status: 409 },
  );
}

export function parsedJson(text: string): unknown {
  try {
    const value: unknown = JSON.parse(text);
    return value ?? null;
  } catch {
    return null;
  }
}

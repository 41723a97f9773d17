import { counted } from "@ibkr-edge-gateway/protocol/counted-words.ts";
import type { Attention } from "../../durable-objects/account/rpc/attention-types.ts";
import { displayText } from "./client-text.ts";
import { relativeTime } from "./relative-time.ts";

/** One thing that waits for the owner: in a sentence, and where to do something about it. */
export interface AttentionWords {
  tone: "bad" | "warn";
  says: string;
  /** More of it, where one sentence does not say enough. */
  why: string | null;
  room: string;
  action: string;
}

/** The most urgent thing that waits, on every page, with the others folded below it. */
export function AttentionBanner(props: {
  attention: readonly Attention[];
  room: string | undefined;
  now: Date;
}) {
  const [first, ...others] = props.attention.flatMap((one) => attentionWords(one, props.now) ?? []);
  if (first === undefined) return null;
  return (
    <aside class={`attention note ${first.tone}`} aria-label="Waits for you">
      <Line words={first} room={props.room} />
      {others.length > 0 && (
        <details>
          <summary>And {counted(others.length, "more thing")}</summary>
          {others.map((words) => (
            <Line words={words} room={props.room} />
          ))}
        </details>
      )}
    </aside>
  );
}

function Line({ words, room }: { words: AttentionWords; room: string | undefined }) {
  return (
    <p class="line">
      <span>
        <strong>{words.says}</strong>
        {words.why !== null && ` ${words.why}`}
      </span>
      {words.room !== room && (
        <a class="button quiet" href={words.room}>
          {words.action}
        </a>
      )}
    </p>
  );
}

/** In words; null for a kind that only a newer object knows. */
export function attentionWords(one: Attention, now: Date): AttentionWords | null {
  switch (one.kind) {
    case "stopped":
      return {
        tone: "bad",
        says: one.everything ? "Trading is stopped." : "Trading is stopped in part.",
        why: `By ${ACTORS[one.by] ?? "the gateway"}, ${since(one.since, now)}: ${displayText(one.reason, 200)}`,
        room: "/trading",
        action: "Look and lift",
      };
    case "order_in_doubt":
      return {
        tone: "bad",
        says: `In doubt: ${counted(one.count, "order")}.`,
        why: `Nobody knows yet whether the broker has it. ${
          one.needsOwner ? "Look in the broker's own app." : "Your PC is looking."
        }`,
        room: "/orders",
        action: "Show orders",
      };
    case "question":
      return {
        tone: "bad",
        says: `The broker asks about ${counted(one.count, "order")}.`,
        why: "No answer counts as no.",
        room: "/orders",
        action: "Answer",
      };
    case "approval":
      return {
        tone: "warn",
        says: `${counted(one.count, "request")} for your approval.`,
        why: null,
        room: "/approvals",
        action: "Read",
      };
    case "pc_away":
      return {
        tone: one.openOrders > 0 ? "bad" : "warn",
        says: `Your PC is away${one.since === null ? "" : `, since ${since(one.since, now)}`}.`,
        why: one.openOrders > 0 ? `${counted(one.openOrders, "order")} may still fill.` : null,
        room: "/sidecars",
        action: "Show PCs",
      };
    case "login_due":
      return {
        tone: "warn",
        says: "The broker wants your login, at the PC.",
        why: "Until then nothing is read, and no order can be sent or cancelled from here.",
        room: "/",
        action: "Show",
      };
    case "session_ends":
      return {
        tone: "warn",
        says: `The broker's session ends ${since(one.at, now)}.`,
        why: "Orders that need this gateway to leave them want a new login then.",
        room: "/",
        action: "Show",
      };
    case "log_behind":
      return {
        tone: "bad",
        says: `${counted(one.waiting, "event")} of the audit log can't be copied.`,
        why: "No entry is sent until they are. Check the D1 database.",
        room: "/audit",
        action: "Show the log",
      };
    default:
      return null;
  }
}

const since = (at: string, now: Date): string => relativeTime(Date.parse(at) - now.getTime());

const ACTORS: Readonly<Record<string, string>> = {
  owner: "you",
  agent: "an agent",
  policy: "your limits",
  sidecar: "your PC",
};

import type { OrderStore } from "../journal/order-store.ts";
import type { Conversation } from "./conversation-interface.ts";

/**
 * An exit does not wait for an entry's open question: the entry is declined. Nor does an exit of its own
 * wait for a question about the change of another exit: the broker has room for one question, and the
 * order that was to be changed stands as it stood. Another exit that is not at the broker yet keeps its
 * question, and so does a change before another change: they would decline one another.
 */
export async function declineOpenQuestion(
  parts: {
    conversation: Pick<Conversation, "waiting" | "answer">;
    store: Pick<OrderStore, "intent">;
  },
  waiting: "place" | "modify",
): Promise<void> {
  const { conversation, store } = parts;
  const open = conversation.waiting();
  if (open === null) return;
  const asked = store.intent(open.coid);
  const standsAnyway = asked?.action === "modify" && waiting === "place";
  if (asked?.effect === "exit" && !standsAnyway) return;
  await conversation.answer(open.coid, open.replyId, { confirm: false, by: "sidecar" });
}

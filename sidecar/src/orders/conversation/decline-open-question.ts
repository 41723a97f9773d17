import type { OrderStore } from "../journal/order-store.ts";
import type { Conversation } from "./conversation-interface.ts";

/** An exit does not wait for an entry's open question: the entry is declined. */
export async function declineOpenQuestion(parts: {
  conversation: Pick<Conversation, "waiting" | "answer">;
  store: Pick<OrderStore, "intent">;
}): Promise<void> {
  const { conversation, store } = parts;
  const open = conversation.waiting();
  if (open === null || store.intent(open.coid)?.effect === "exit") return;
  await conversation.answer(open.coid, open.replyId, { confirm: false, by: "sidecar" });
}

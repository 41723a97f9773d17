import { ORDER_LIMITS } from "../limits.ts";
import type { ConversationParts } from "./conversation-interface.ts";
import type { ConversationWrite } from "./conversation-state.ts";

/** Commits what a step writes. Throws what the journal throws where it is about the order itself. */
export function commitWrite(
  { store, clock, logger }: Pick<ConversationParts, "store" | "clock" | "logger">,
  write: ConversationWrite,
): void {
  if (write.kind === "save") {
    store.save(write.record);
    return;
  }
  try {
    store.noteQuestion(write.orderKind, write.message, clock.now());
  } catch (thrown) {
    // The next preview shows one message less; the order is not touched by it.
    logger.error({ err: thrown }, "a routine question could not be kept");
  }
}

/** Tries again what the journal did not take, for as long as it takes none and `goesOn`. */
export function retryJournaling(
  { clock, logger }: Pick<ConversationParts, "clock" | "logger">,
  goesOn: () => boolean,
  attempt: () => void,
): void {
  const retry = (): void => {
    if (!goesOn()) return;
    try {
      attempt();
    } catch (thrown) {
      logger.warn({ err: thrown }, "the journal of orders still cannot be written");
      clock.after(ORDER_LIMITS.retryMs, retry);
    }
  };
  clock.after(ORDER_LIMITS.retryMs, retry);
}

import { sidecarCommand } from "@ibkr-edge-gateway/protocol/sidecar-command.ts";
import type { KeyPolicy } from "../orders/approval/receive-announced-keys.ts";
import type { OrderStore } from "../orders/journal/order-store.ts";
import type { RelayLogger } from "../relay/relay-link-interface.ts";
import { APPROVER_TAKEN, APPROVER_WAITING } from "./approver-key-events.ts";
import { askAboutKeys, type KeyQuestions } from "./ask-about-approver-keys.ts";
import { yesAtTerminal } from "./ask-at-terminal.ts";

/** Asks whoever sits at this PC about keys that wait. */
export function terminalQuestions(store: OrderStore, logger: RelayLogger): KeyQuestions {
  return askAboutKeys({
    store,
    logger,
    yes: yesAtTerminal,
    say: (text) => process.stderr.write(`${text}\n`),
    nowMs: Date.now,
  });
}

/** What is done about a passkey of the console; whoever reads the log finds it by `event`. */
export function keyPolicy(
  logger: RelayLogger,
  takeUnasked: boolean,
  questions: KeyQuestions | null,
): KeyPolicy {
  return {
    takeUnasked,
    taken: ({ label, words }) =>
      logger.info(
        { event: APPROVER_TAKEN, label, words },
        "a passkey of your console may approve orders here, while the broker is the simulator",
      ),
    waiting(keys) {
      if (questions !== null) {
        questions.ask(keys);
        return;
      }
      for (const { label, words } of keys) {
        logger.warn(
          { event: APPROVER_WAITING, label, words },
          `a passkey of your console cannot approve orders here yet; accept it with: ${sidecarCommand("approvers add")}`,
        );
      }
    },
  };
}

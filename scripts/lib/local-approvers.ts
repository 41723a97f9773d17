import * as z from "zod";
import { loadPairing } from "../../sidecar/src/config/pairing-file.ts";
import { type OrderStore, openOrderStore } from "../../sidecar/src/orders/journal/order-store.ts";
import { orderStorePath } from "../../sidecar/src/orders/local-policy/order-settings.ts";
import { APPROVER_TAKEN, APPROVER_WAITING } from "../../sidecar/src/run/approver-key-events.ts";
import { askAboutKeys, type KeyQuestions } from "../../sidecar/src/run/ask-about-approver-keys.ts";
import { listWaiting } from "../../sidecar/src/trust/enrolment/announced-keys.ts";

/** Somebody who can be asked; null answers mean that the question was taken back. */
export type AskYes = (question: string, signal: AbortSignal) => Promise<boolean | null>;

const Line = z.object({
  event: z.enum([APPROVER_TAKEN, APPROVER_WAITING]),
  label: z.string(),
  words: z.string(),
});

/**
 * The local PC's side of a passkey that was added in the console. Its sidecar has no terminal of its
 * own: what it says of the key in its log is answered here. With somebody to ask, they decide; with
 * nobody, the sidecar has taken the key by itself, for the simulator alone, and that is said.
 */
export function watchApprovers(options: {
  configDir: string;
  yes: AskYes | null;
  tell(line: string): void;
}): { line(text: string): void; stop(): void } {
  const { configDir, yes, tell } = options;
  let open: { store: OrderStore; questions: KeyQuestions } | null = null;

  function ask(askYes: AskYes): void {
    if (open === null) {
      const pairing = loadPairing(configDir);
      if (pairing === null) return;
      const store = openOrderStore(orderStorePath(configDir, pairing));
      const logger = { error: (_facts: object, message: string) => tell(message) };
      const questions = askAboutKeys({ store, yes: askYes, say: tell, logger, nowMs: Date.now });
      open = { store, questions };
    }
    open.questions.ask(listWaiting(open.store.db).filter(({ refused }) => !refused));
  }

  return {
    line(text) {
      const said = Line.safeParse(jsonOrNull(text));
      if (!said.success) return;
      const { event, label, words } = said.data;
      if (event === APPROVER_TAKEN) {
        tell(`Your passkey "${label}" may approve orders at the simulator's PC: ${words}`);
        tell(
          "Nobody was asked, because this is no terminal; it approves nothing at a real broker.",
        );
      } else if (yes !== null) ask(yes);
    },
    stop() {
      open?.questions.stop();
      open?.store.close();
      open = null;
    },
  };
}

function jsonOrNull(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return null;
  }
}

import { sidecarCommand } from "@ibkr-edge-gateway/protocol/sidecar-command.ts";
import type { BrokerLogger } from "../client-portal/logger.ts";
import type { OrderStore } from "../orders/journal/order-store.ts";
import {
  type AnnouncedKey,
  acceptAnnounced,
  refuseAnnounced,
} from "../trust/enrolment/announced-keys.ts";

/** More than an owner adds in an hour; a gateway that was broken into shall not wear anybody down. */
const AN_HOUR = 10;
const HOUR_MS = 3_600_000;

export interface KeyQuestions {
  /** Asks about each, one after the other, and about none twice. */
  ask(keys: readonly AnnouncedKey[]): void;
  /** Takes back a question that stands. */
  stop(): void;
}

/** Asks whoever sits at the terminal whether a passkey of the console may approve orders here. */
export function askAboutKeys(options: {
  store: Pick<OrderStore, "db">;
  /** Null when the question was taken back. */
  yes(question: string, signal: AbortSignal): Promise<boolean | null>;
  say(text: string): void;
  logger: Pick<BrokerLogger, "error">;
  nowMs(): number;
}): KeyQuestions {
  const { store, say, logger, nowMs } = options;
  const ended = new AbortController();
  const asked = new Set<string>();
  let times: number[] = [];
  let queue: Promise<void> = Promise.resolve();

  async function askOne(key: AnnouncedKey): Promise<void> {
    if (ended.signal.aborted) return;
    const answer = await options.yes(questionAbout(key), ended.signal);
    if (answer === null) return;
    if (!answer) {
      refuseAnnounced(store.db, key.credentialId, nowMs());
      say(`Not accepted. If you change your mind: ${sidecarCommand("approvers add")}`);
      return;
    }
    say(
      acceptAnnounced(store.db, key, "terminal", nowMs())
        ? `Accepted. "${key.label}" may approve orders at this PC from now on.`
        : "It is not in your console any more; nothing was changed.",
    );
  }

  return {
    ask(keys) {
      for (const key of keys) {
        const which = `${key.credentialId} ${key.words}`;
        times = times.filter((at) => nowMs() - at < HOUR_MS);
        if (asked.has(which) || times.length >= AN_HOUR) continue;
        asked.add(which);
        times.push(nowMs());
        queue = queue
          .then(() => askOne(key))
          .catch((error: unknown) => {
            logger.error({ err: error }, "the question about a passkey of the console broke off");
          });
      }
    },
    stop: () => ended.abort(),
  };
}

/** What stands above "(y/N)", here and in `approvers add`. */
export function questionAbout({ label, words }: Pick<AnnouncedKey, "label" | "words">): string {
  return (
    `\nYour console has a passkey "${label}" that this PC does not know. Its six words:\n\n` +
    `  ${words}\n\n` +
    "Compare them with those on the console's Security page. Say yes only if they are the same,\n" +
    "and if you added this passkey yourself. What it approves will want this PC's number as well.\n" +
    "May it approve orders at this PC?"
  );
}

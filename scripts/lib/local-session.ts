import type { RunStatus } from "../../sidecar/src/config/status-file.ts";
import { sidecarStatus } from "./sidecar-status.ts";

const LOOK_MS = 1_000;

/** The broker session in one line, with what to do; null before its state is known. */
export function sessionInWords(session: RunStatus["broker"]): string | null {
  if (session === null || session.state === "unknown" || session.state === "initializing") {
    return null;
  }
  const { state, meaning, mode, next_step } = session;
  const ready =
    state === "ready"
      ? `ready, ${mode === "unknown" ? "paper or live not proved yet" : String(mode)}`
      : String(meaning);
  return `Broker session: ${ready}${typeof next_step === "string" ? ` ${next_step}` : ""}`;
}

/** Tells the person at this machine the state of their broker session, and each change of it. */
export function watchSession(
  configDir: string,
  tell: (line: string) => void,
): { begin(): void; stop(): void } {
  let said = "";
  let timer: NodeJS.Timeout | undefined;
  const look = () => {
    const line = sessionInWords(sidecarStatus(configDir).running?.broker ?? null);
    if (line === null || line === said) return;
    said = line;
    tell(line);
  };
  return {
    begin() {
      look();
      timer = setInterval(look, LOOK_MS);
    },
    stop: () => clearInterval(timer),
  };
}

import { loadPairing } from "../config/pairing-file.ts";
import { type Finding, ok, unknown, wrong } from "./finding.ts";

const PATIENCE_MS = 5_000;
/** Handshake tokens live for a minute; half of it is where a wrong clock begins to hurt. */
const MOST_SKEW_MS = 30_000;

/** Whether the paired gateway answers, and by its clock whether this PC's is right. */
export async function checkEdge(configDir: string, nowMs: () => number): Promise<Finding[]> {
  const origin = pairedOrigin(configDir);
  if (origin === null) {
    return [unknown("gateway URL", "Not paired."), unknown("clock", "Nothing to compare it with.")];
  }
  const before = nowMs();
  let answer: Response;
  try {
    answer = await fetch(`${origin}/healthz`, { signal: AbortSignal.timeout(PATIENCE_MS) });
    await answer.body?.cancel();
  } catch {
    return [
      wrong(
        "gateway URL",
        `${origin} does not answer.`,
        "Check the internet connection of this PC, and the address.",
      ),
      unknown("clock", "Nothing to compare it with."),
    ];
  }
  const reached =
    answer.status < 500
      ? ok("gateway URL", `${origin} answers.`)
      : wrong(
          "gateway URL",
          `${origin} answers ${answer.status}.`,
          "Look at the gateway's own logs.",
        );
  const theirs = Date.parse(answer.headers.get("date") ?? "");
  if (Number.isNaN(theirs)) return [reached, unknown("clock", "The gateway told no time.")];
  const middle = (before + nowMs()) / 2;
  // The header has whole seconds.
  const skew = Math.abs(middle - (theirs + 500));
  return [
    reached,
    skew <= MOST_SKEW_MS
      ? ok("clock", "This PC's clock agrees with the gateway's.")
      : wrong(
          "clock",
          `This PC's clock is ${Math.round(skew / 1000)} s off.`,
          "Switch on automatic time in the system's settings.",
        ),
  ];
}

function pairedOrigin(configDir: string): string | null {
  try {
    return loadPairing(configDir)?.gateway_origin ?? null;
  } catch {
    return null;
  }
}

import type { JsonObject } from "@ibkr-edge-gateway/protocol/json.ts";
import { IbkrError } from "../sdk/errors.ts";
import { renderAnswer } from "./render/answer.ts";
import { paintFor } from "./render/paint.ts";
import { plain } from "./render/table.ts";

/** The answer unchanged as one line of JSON, or for people. */
export function printAnswer(answer: JsonObject, json: boolean): void {
  const { stdout } = process;
  if (json) {
    stdout.write(`${JSON.stringify(answer)}\n`);
    return;
  }
  const width = stdout.isTTY ? stdout.columns : null;
  stdout.write(renderAnswer(answer, { paint: paintFor(stdout, process.env), width }));
}

/** What went wrong, and what to do about it; as JSON for who asked for JSON. */
export function printError(error: unknown, json: boolean): void {
  const { stderr } = process;
  if (json && error instanceof IbkrError) {
    const { code, message, retryable, userAction, outcome, answer } = error;
    const whole = answer ?? { code, message, retryable, user_action: userAction };
    stderr.write(
      `${JSON.stringify({ ...whole, ...(outcome === "unknown" ? { outcome } : {}) })}\n`,
    );
    return;
  }
  const lines = [`error: ${plain(error instanceof Error ? error.message : String(error))}`];
  if (error instanceof IbkrError) {
    if (error.userAction !== null) lines.push(`What to do: ${plain(error.userAction)}`);
    if (error.outcome === "unknown") {
      lines.push("It is not known whether this was carried out: look before you do it again.");
    }
  }
  stderr.write(`${lines.join("\n")}\n`);
}

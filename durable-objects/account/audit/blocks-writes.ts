import { failure, type GatewayFailure } from "@ibkr-edge-gateway/protocol/errors.ts";
import { sidecarCommand } from "@ibkr-edge-gateway/protocol/sidecar-command.ts";
import { auditBacklogBlocksWrites } from "./outbox.ts";
import { latestWitness } from "./tables/witnesses.ts";

/**
 * Why the log lets no new side effect begin, or null: it is not copied, or the PC that witnesses it
 * says that it is not what it was. Asked for new risk only; exits and cancels go on.
 */
export function auditBlocksWrites(sql: SqlStorage, nowMs: number): GatewayFailure | null {
  return auditBacklogBlocksWrites(sql, nowMs) ?? witnessBlocksWrites(sql);
}

function witnessBlocksWrites(sql: SqlStorage): GatewayFailure | null {
  const witness = latestWitness(sql);
  if (witness === null || witness.state === "whole") return null;
  const healing = witness.state === "rolled_back";
  return failure(
    "AUDIT_WRITE_FAILED",
    healing
      ? "The audit log is shorter than the one that the PC cosigned, so nothing new is sent until its missing entries are back."
      : "The audit log is not the one that the PC cosigned, so nothing new is sent.",
    {
      retryable: healing,
      user_action: `At the PC \`${sidecarCommand("status")}\` says what differs and what to do.`,
    },
  );
}

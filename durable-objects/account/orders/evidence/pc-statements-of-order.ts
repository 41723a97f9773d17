import { EvidenceFault } from "@ibkr-edge-gateway/evidence/fault.ts";
import {
  type SignedStatement,
  statementHash,
} from "@ibkr-edge-gateway/evidence/order/statement.ts";
import { pcStatements } from "../tables/pc-statements.ts";

export interface Stated {
  readonly kind: "sent" | "result";
  readonly statement: SignedStatement;
  /** Lower-case hex: how an entry of the log names it. */
  readonly hash: string;
  /** The PC's statement key, base64url. */
  readonly pcKey: string;
}

/** What the PC has stated of an order so far; what is no statement is left out. */
export function statedOf(sql: SqlStorage, coid: string): Stated[] {
  const row = pcStatements(sql, coid);
  if (row === null) return [];
  return (["sent", "result"] as const).flatMap((kind) => {
    const text = row[kind];
    if (text === null) return [];
    const statement: SignedStatement = JSON.parse(text);
    const hash = hashOf(statement);
    return hash === null ? [] : [{ kind, statement, hash, pcKey: row.pc_key }];
  });
}

function hashOf({ body }: SignedStatement): string | null {
  try {
    return statementHash(body);
  } catch (thrown) {
    if (thrown instanceof EvidenceFault) return null;
    throw thrown;
  }
}

import { addPc, forgetPc } from "../tables/mandate-pcs.ts";
import { type PcState, setAtPc, setEndedAtPc } from "../tables/mandates.ts";

/** What a PC said of a mandate; call it in the turn in which it was said. */
export function noteAtPc(
  sql: SqlStorage,
  mandateId: string,
  pc: { sidecarId: string; state: PcState; words: string },
): void {
  setAtPc(sql, mandateId, pc);
  if (pc.state === "revoked") forgetPc(sql, mandateId, pc.sidecarId);
  else addPc(sql, mandateId, pc.sidecarId);
}

/** A PC heard that the mandate has ended. What another one said of it stays as it was. */
export function noteEndKnown(sql: SqlStorage, mandateId: string, sidecarId: string): void {
  forgetPc(sql, mandateId, sidecarId);
  setEndedAtPc(sql, mandateId, sidecarId);
}

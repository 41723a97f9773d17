import { EvidenceFault, type FaultCode } from "../fault.ts";

/** The code of what an act throws; null when it throws nothing. */
export async function faultOf(act: () => unknown): Promise<FaultCode | null> {
  try {
    await act();
    return null;
  } catch (thrown) {
    if (thrown instanceof EvidenceFault) return thrown.code;
    throw thrown;
  }
}

import { type Check, fail, OFF, pass, unknown } from "../check.ts";

export const sectorAllowedCheck: Check = {
  number: 22,
  name: "sector-allowed",
  code: "SECTOR_NOT_ALLOWED",
  stage: "instrument",
  scope: "entries",
  means: "The sector is not one the policy forbids.",
  evaluate({ snapshot, policy }) {
    const denied = policy.instruments.sectors_denied;
    if (denied.length === 0) return OFF;
    const sector = snapshot.facts.instrument?.sector ?? null;
    if (sector === null) return unknown("The contract's sector");
    const measured = { observed: sector, source: "sidecar.contracts" };
    return denied.some((name) => name.toLowerCase() === sector.toLowerCase())
      ? fail("The policy forbids this sector.", measured)
      : pass(measured);
  },
};

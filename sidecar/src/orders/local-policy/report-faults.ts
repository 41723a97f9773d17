import type { DiskRoom } from "../../config/disk-reserve.ts";
import { ORDER_LIMITS } from "../limits.ts";
import type { LocalRules } from "./local-rules.ts";

/** Of the disk that the journal is on; null when that cannot be told. */
export type ReadDiskRoom = () => DiskRoom | null;

const megabytes = (bytes: number): number => Math.floor(bytes / 1024 / 1024);

const usedPercent = ({ freeBytes, totalBytes }: { freeBytes: number; totalBytes: number }) =>
  totalBytes === 0 ? 100 : Math.floor(((totalBytes - freeBytes) / totalBytes) * 100);

/** The same rules, whose owner is told once of each fault of the policy file, whoever meets it first. */
export function reportFaults(
  rules: LocalRules,
  tell: (message: string) => void,
  disk: ReadDiskRoom | null = null,
): LocalRules {
  let told: string | null = null;
  const faultNow = (): string | null => {
    const fault = rules.policyFault();
    if (fault !== null && fault !== told) {
      tell(
        `This PC's policy cannot be read: ${fault}. Exits and cancels go out by the last one that could; no order that may open a position does. Mend the file, or remove it to begin with the defaults.`,
      );
    }
    told = fault;
    return fault;
  };
  let warned = false;
  const diskFault = (): string | null => {
    const room = disk?.() ?? null;
    if (room === null) return null;
    const percent = usedPercent(room);
    if (percent >= ORDER_LIMITS.diskWarnPercent && !warned) {
      tell(
        `The disk of this PC is ${percent} % full. With less than ${megabytes(ORDER_LIMITS.diskReserveBytes)} MB free, no order that may open a position goes out. Make room.`,
      );
    }
    warned = percent >= ORDER_LIMITS.diskWarnPercent;
    return room.freeBytes < ORDER_LIMITS.diskReserveBytes
      ? `This PC's disk has ${megabytes(room.freeBytes)} MB left, so only exits and cancels go out. Make room.`
      : null;
  };
  return {
    diskFault,
    logFault: () => rules.logFault?.() ?? null,
    killSwitch: () => rules.killSwitch(),
    engage: (reason, nowMs) => rules.engage(reason, nowMs),
    caps: () => rules.caps(),
    policy: () => {
      faultNow();
      return rules.policy();
    },
    policyFault: faultNow,
  };
}

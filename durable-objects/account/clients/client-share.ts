import { sha256Hex } from "@ibkr-edge-gateway/protocol/digest.ts";

/** Under which word a client's jobs are counted on the way to the broker; it names nobody. */
export const shareOf = (clientId: string): string => sha256Hex(`share ${clientId}`).slice(0, 12);

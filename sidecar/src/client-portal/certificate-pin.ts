import * as z from "zod";
import { readPrivateJson, writePrivateJson } from "../config/private-files.ts";

/**
 * The gateway's certificate is self-signed, so trust rests on having seen it before: the first one
 * met at an address is remembered and shown; any other is refused until the owner says so at this
 * machine. The stock certificate of IBKR's bundle is the same for everyone and proves little; that
 * is why its owner is told to make one of his own.
 */
const PinFile = z.strictObject({
  v: z.literal(1),
  pins: z.record(z.string(), z.strictObject({ sha256: z.string(), pinned_at: z.string() })),
});
type PinFile = z.infer<typeof PinFile>;

export interface CertificatePins {
  /** Upper-case colon-separated SHA-256 of the leaf, or null when none was seen yet. */
  get(origin: string): string | null;
  set(origin: string, sha256: string, at: string): void;
}

const pinFileName = "client-portal-pins.json";

/**
 * Pins kept in the configuration folder. Read afresh each time: another process may re-pin.
 * @throws UsageError when the file is damaged; a lost pin must not become trust on first use.
 */
export function filePins(configDir: string): CertificatePins {
  const read = (): PinFile =>
    readPrivateJson(configDir, pinFileName, PinFile) ?? { v: 1, pins: {} };
  return {
    get: (origin) => read().pins[origin]?.sha256 ?? null,
    set: (origin, sha256, at) => {
      const file = read();
      file.pins[origin] = { sha256, pinned_at: at };
      writePrivateJson(configDir, pinFileName, file);
    },
  };
}

/** Pins for one process; the simulator makes itself a new certificate at each start. */
export function memoryPins(): CertificatePins {
  const pins = new Map<string, string>();
  return {
    get: (origin) => pins.get(origin) ?? null,
    set: (origin, sha256) => {
      pins.set(origin, sha256);
    },
  };
}

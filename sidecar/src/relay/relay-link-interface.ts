import type {
  AuditCheckpoint,
  AuditCosignature,
} from "@ibkr-edge-gateway/protocol/relay/audit-messages.ts";
import type { SidecarState } from "@ibkr-edge-gateway/protocol/relay/sidecar/sidecar-state.ts";
import type { OperationLookup } from "@ibkr-edge-gateway/protocol/relay/sidecar/sidecar-step.ts";
import type { Pairing } from "../config/pairing-file.ts";
import type { Journal } from "../journal/relay-journal.ts";
import type { OperationExecutor } from "../operation-handlers/executor-interface.ts";
import type { LocalPolicy } from "../trust/limits/local-policy-file.ts";
import type { DeviceKey } from "../trust/pc-keys/device-key.ts";
import type { Connect } from "./relay-socket.ts";

/** The part of a pino logger that the relay uses. */
export interface RelayLogger {
  debug(facts: object, message: string): void;
  info(facts: object, message: string): void;
  warn(facts: object, message: string): void;
  error(facts: object, message: string): void;
}

export interface RelayLinkOptions {
  readonly pairing: Pairing;
  readonly deviceKey: DeviceKey;
  readonly policy: LocalPolicy;
  readonly journal: Journal;
  readonly executor: OperationExecutor;
  readonly operations: OperationLookup;
  /** The witness of the audit log; without one heads are passed over. */
  readonly witness?: { judge(head: AuditCheckpoint): Promise<AuditCosignature> };
  readonly version: string;
  readonly logger: RelayLogger;
  readonly connect: Connect;
  /** Monotonic, in epoch milliseconds. */
  readonly now: () => number;
  readonly random: () => number;
  readonly random32: () => string;
  readonly onChange: (state: SidecarState) => void;
}

export interface RelayLink {
  start(): void;
  state(): SidecarState;
  /** Has the edge take a new device key; null when it did, else why not. */
  rotate(newKey: DeviceKey): Promise<string | null>;
  /**
   * Says goodbye and aborts what has not begun; a write that has begun is given a moment to end, so
   * that its outcome is known and journaled.
   */
  stop(reason: string): Promise<void>;
}

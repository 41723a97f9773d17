import type { Capability } from "@ibkr-edge-gateway/protocol/capabilities.ts";
import type { AuditCheckpoint } from "@ibkr-edge-gateway/protocol/relay/audit-messages.ts";
import type {
  CancelAnswer,
  JobSettlement,
  NewJob,
} from "@ibkr-edge-gateway/protocol/relay/edge/edge-step.ts";
import type { EdgeIdentity } from "@ibkr-edge-gateway/protocol/relay/edge-identity.ts";
import type { EdgeListener } from "./relay-store.ts";

/** What is known of the sidecar's connection without asking it. */
export interface Presence {
  readonly online: boolean;
  readonly sidecarId: string | null;
  readonly connectedSince: number | null;
  readonly lastSeenAt: number | null;
}

export interface RelayHost {
  /** The gateway's own address, for a command that names it. */
  readonly origin: string;
  /** The WebSocket upgrade. */
  accept(request: Request): Promise<Response>;
  message(socket: WebSocket, data: string | ArrayBuffer): Promise<void>;
  closed(socket: WebSocket, code: number): Promise<void>;
  /** Resolves once, with how the job ended; never rejects. */
  submit(job: NewJob): Promise<JobSettlement>;
  cancel(jobId: string, reason?: string): Promise<CancelAnswer>;
  /** `reason` is what that PC is told, where it is another than that its owner revoked it. */
  revoked(sidecarId: string, reason?: string): void;
  /** The owner took this PC into use: whoever else is connected is told to stand by, at once. */
  chosen(sidecarId: string): void;
  /** Its owner grants this PC no more than these; a session that is open keeps to it at once. */
  narrowed(sidecarId: string, granted: readonly Capability[]): void;
  /** Shows the connected PC a head of the audit log; its answer comes to the listener. */
  showHead(head: AuditCheckpoint): void;
  presence(): Presence;
  /** When the lease needs the alarm; null without a session. */
  leaseDueAt(): number | null;
  /** Called by the alarm. */
  tick(): void;
}

export interface RelayHostOptions {
  readonly ctx: DurableObjectState;
  readonly accountId: string;
  readonly origin: string;
  readonly version: string;
  readonly identity: EdgeIdentity | null;
  /** Called after every step, so that the object can set its alarm. */
  readonly onStep: () => void;
  /** Hears of events and connections inside the transaction that stores them. */
  readonly listener?: EdgeListener;
}

import * as z from "zod";
import { ULID_PATTERN } from "../ulid.ts";

export const PROTOCOL_VERSION = "1.1";
export const SUBPROTOCOL = "ibkr-relay.v1";
export const PING = "ping";
export const PONG = "pong";

export const FrameId = z.string().regex(ULID_PATTERN);

/**
 * What every frame has in common. Unknown top-level fields are ignored, so that a later version may
 * add some; what a message itself carries stands in `payload` and is strict.
 */
export const Envelope = z.object({
  arcp: z.string(),
  id: FrameId,
  type: z.string().min(1).max(64),
  timestamp: z.iso.datetime(),
  session_id: z.string().max(64).optional(),
  epoch: z.int().positive().optional(),
  /** The `id` this answers. */
  correlation_id: FrameId.optional(),
  /** Sequenced frames only. */
  event_seq: z.int().positive().optional(),
  traceparent: z.string().max(128).optional(),
  /** A peer that does not know the type may pass it over. */
  optional: z.boolean().optional(),
  payload: z.record(z.string(), z.unknown()),
});

export type Envelope = z.infer<typeof Envelope>;

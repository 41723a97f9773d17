import { COPY_TAKEOVERS_MAX, COPY_WINDOW_MS } from "../../limits.ts";
import { liveConnection, type Offer } from "./edge-state.ts";
import { type Draft, setPhase } from "./edge-step.ts";

/**
 * Two programs with one device key, from a folder that was copied: each would take the session from
 * the other for ever. A PC that only comes back leaves no live connection behind, or one, once.
 */

/** When this PC's connections were taken over by a newer one of its own, while they were live. */
export function takeoversOf(draft: Draft, sidecarId: string): number[] {
  const live = liveConnection(draft);
  if (live === null || draft.session.sidecarId !== sidecarId) return [];
  return (live.phase.takeovers ?? []).filter((at) => draft.env.now - at < COPY_WINDOW_MS);
}

/** The newer one is refused, for as long as the other is there and the newer keeps coming. */
export function copyRefusal(
  draft: Draft,
  offer: Offer,
): { code: "ALREADY_EXISTS"; message: string } | null {
  const live = liveConnection(draft);
  const before = takeoversOf(draft, offer.sidecarId);
  if (live === null || before.length < COPY_TAKEOVERS_MAX) return null;
  const takeovers = [...before, draft.env.now].slice(-COPY_TAKEOVERS_MAX);
  setPhase(draft, live.id, { ...live.phase, takeovers });
  return { code: "ALREADY_EXISTS", message: COPIED };
}

const COPIED =
  "another program with this PC's key is connected and stays so; was the sidecar's folder copied? End one of the two, and pair that PC anew with a folder of its own";

/** Told to the one that is replaced. */
export const REPLACED_BY_ITSELF =
  "a newer connection with this PC's own key took over; if nobody restarted it here, the sidecar's folder was copied to another PC: end one of the two";

import { RpcTarget } from "cloudflare:workers";
import type { SignedIn } from "../../access/owner-access.ts";
import { cutOff } from "../../relay/cut-off.ts";
import { returnPairingAttempt, takePairingAttempt } from "../../relay/pairing-attempts.ts";
import {
  addSidecar,
  chooseSidecar,
  listSidecars,
  revokeSidecar,
} from "../../relay/tables/sidecars.ts";
import type { AccountParts } from "../account-parts.ts";
import type { NewlyPaired, NewSidecar, PairedSidecar } from "../account-types.ts";

/** The owner's PCs: pairing, choosing the one in use, revoking. */
export class OwnerSidecars extends RpcTarget {
  readonly #parts: AccountParts;
  readonly #signedIn: () => SignedIn;

  constructor(parts: AccountParts, signedIn: () => SignedIn) {
    super();
    this.#parts = parts;
    this.#signedIn = signedIn;
  }

  /** Takes one of five pairing tries in ten minutes, before the code is looked up; false when used up. */
  pairingTryAllowed(): boolean {
    const owner = this.#signedIn();
    return takePairingAttempt(owner.sql, owner.now());
  }

  /** The code was wrong: the try stays taken, and the refusal is audited. */
  pairingTryFailed(): void {
    this.#signedIn().audit("sidecar.pairing_refused", { refused: true });
  }

  /** The code was right: gives the try back. */
  pairingTryReturned(): void {
    returnPairingAttempt(this.#signedIn().sql);
  }

  /**
   * Pairs a PC by its Ed25519 key (base64url), or gives one that is paired other capabilities. The
   * answer holds what `undoPairing` of the gateway needs to take it back.
   */
  addSidecar(sidecar: NewSidecar): NewlyPaired {
    const owner = this.#signedIn();
    const paired = addSidecar(owner.sql, sidecar, owner.now());
    const { capabilities, fingerprint } = sidecar;
    owner.audit("sidecar.paired", {
      sidecarId: paired.sidecarId,
      meta: { capabilities: capabilities.join(" "), fingerprint },
    });
    this.#parts.relay.narrowed(paired.sidecarId, paired.capabilities);
    return paired;
  }

  /** Every PC that was ever paired, active ones first; times are ISO 8601, UTC. */
  listSidecars(): PairedSidecar[] {
    const { online, sidecarId } = this.#parts.relay.presence();
    return listSidecars(this.#signedIn().sql).map((sidecar) => ({
      ...sidecar,
      connected: online && sidecar.sidecarId === sidecarId,
    }));
  }

  /** Takes this PC into use in place of the one before; false when it is not paired. */
  chooseSidecar(sidecarId: string): boolean {
    const owner = this.#signedIn();
    if (!chooseSidecar(owner.sql, sidecarId, owner.now())) return false;
    owner.audit("sidecar.chosen", { sidecarId });
    this.#parts.relay.chosen(sidecarId);
    return true;
  }

  /** Ends a pairing and closes its connection at once; false when it is not paired. */
  revokeSidecar(sidecarId: string): boolean {
    const owner = this.#signedIn();
    if (!revokeSidecar(owner.sql, sidecarId)) return false;
    owner.audit("sidecar.revoked", { sidecarId });
    cutOff(owner.sql, this.#parts.relay, sidecarId);
    return true;
  }
}

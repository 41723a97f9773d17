import type { PendingRecovery } from "../../durable-objects/account/rpc/account-types.ts";
import { displayText } from "./client-text.ts";
import { When } from "./page.tsx";
import type { Owner } from "./signed-in-owner.ts";

/** Somebody at a paired PC says that every passkey is lost. Who reads this can still say no. */
export function RecoveryAlert(props: { recoveries: PendingRecovery[]; owner: Owner; now: Date }) {
  const { recoveries, owner, now } = props;
  if (recoveries.length === 0) return null;
  return (
    <section class="note bad" role="alert" aria-labelledby="recovery">
      <h2 id="recovery">A way in without a passkey was asked for</h2>
      {recoveries.map(({ machine, askedAt, readyAt }) => (
        <p>
          At the PC <strong>{displayText(machine, 64)}</strong>,{" "}
          <When at={new Date(askedAt).toISOString()} now={now} />. Its code opens this account{" "}
          {readyAt > now.getTime() ? (
            <When at={new Date(readyAt).toISOString()} now={now} />
          ) : (
            <strong>now</strong>
          )}
          .
        </p>
      ))}
      <p>If that was not you, stop it and revoke that PC under Sidecars.</p>
      <form method="post" action="/security/recovery/stop">
        <input type="hidden" name="csrf" value={owner.session.csrf} />
        <div class="actions">
          <button class="danger" type="submit">
            Stop it
          </button>
        </div>
      </form>
    </section>
  );
}

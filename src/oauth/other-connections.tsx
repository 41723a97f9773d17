import type { ClientConnection } from "../../durable-objects/account/rpc/account-types.ts";
import { When } from "../web/page.tsx";
import { connectionThatStays } from "./access-form.ts";

/**
 * A permission is the app's, and so every connection's that was ever made with the same app: also
 * of one on another computer. The owner sees how many there are; when he allows orders, the others
 * end unless he says otherwise.
 */
export function OtherConnections(props: {
  connections: readonly ClientConnection[];
  /** The one that asks; on the consent page it is not there yet. */
  asking?: string | null | undefined;
  onConsent?: boolean;
  now: Date;
}) {
  const { connections, asking, onConsent = false, now } = props;
  if (connections.length < (onConsent ? 1 : 2)) return null;
  const stays = connectionThatStays(asking, connections);
  const times = connections.map(({ madeAt }, index) => (
    <>
      {index > 0 && (index === connections.length - 1 ? " and " : ", ")}
      <When at={madeAt} now={now} />
    </>
  ));
  return (
    <fieldset>
      <legend>{onConsent ? "Its other connections" : "Its connections"}</legend>
      <p class="small">
        This app has {connections.length} {onConsent ? "other " : ""}
        {connections.length === 1 ? "connection" : "connections"}, made {times}. What you allow
        counts for {connections.length === 1 ? "it too" : "all of them"}.
      </p>
      {!onConsent && <input type="hidden" name="connection" value={stays?.grantId} />}
      <label class="choice">
        <input type="checkbox" name="end_others" value="yes" checked />
        <span>When I allow orders, end {onConsent ? "them" : "the others"}</span>
        <span class="hint">
          {onConsent || stays === undefined ? (
            "Only the new one stays."
          ) : (
            <>
              The one made <When at={stays.madeAt} now={now} /> stays
              {stays.grantId === asking ? ": it asked for this" : ""}.
            </>
          )}
        </span>
      </label>
    </fieldset>
  );
}

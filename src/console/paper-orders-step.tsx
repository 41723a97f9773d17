import { coversScope } from "@ibkr-edge-gateway/protocol/scopes.ts";
import type { Owner } from "../web/signed-in-owner.ts";

/** An agent that waits for its owner to switch paper orders on; null when nothing waits for that. */
export interface PaperOrdersStep {
  clientName: string;
}

/**
 * The step between the owner's first passkey and the first order: some agent may place paper orders,
 * a passkey could approve them and the PC would send them, but they are switched off here.
 */
export async function paperOrdersStep({ account }: Owner): Promise<PaperOrdersStep | null> {
  const [settings, listed] = await Promise.all([
    account.trading.tradingSettings(),
    // A newcomer's agents all stand on the first page.
    account.clients.listClients({ active: null, withdrawn: null }),
  ]);
  if (settings.paper || !settings.pc.paper || settings.passkeys === 0) return null;
  const waiting = listed.active.clients.find(({ scopes }) =>
    coversScope(scopes, "ibkr:orders:paper:submit"),
  );
  return waiting === undefined ? null : { clientName: waiting.clientName };
}

export function PaperOrdersCard({ step, owner }: { step: PaperOrdersStep; owner: Owner }) {
  return (
    <section class="card next" aria-labelledby="paper-step">
      <h2 id="paper-step">Next step: paper orders</h2>
      <p>
        <strong>{step.clientName}</strong> may ask you to approve paper orders, but they are
        switched off. No real money.
      </p>
      <form method="post" action="/trading/switch">
        <input type="hidden" name="csrf" value={owner.session.csrf} />
        <input type="hidden" name="mode" value="paper" />
        <input type="hidden" name="on" value="yes" />
        <input type="hidden" name="next" value="/" />
        <div class="actions">
          <button type="submit">Switch paper orders on</button>
        </div>
      </form>
    </section>
  );
}

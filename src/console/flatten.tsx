import { parseFigure } from "@ibkr-edge-gateway/protocol/orders/decimal.ts";
import { Hono } from "hono";
import type { FlattenAccount } from "../../durable-objects/account/rpc/order-views.ts";
import { requireOwner } from "../owner/owner-session.ts";
import { displayText } from "../web/client-text.ts";
import { WithCommands } from "../web/copyable-command.tsx";
import { Page, sendPage } from "../web/page.tsx";
import type { PageEnv } from "../web/page-env.ts";

/** What flattening would do: only ever shown. */
export const flattenRoutes = new Hono<PageEnv>();

flattenRoutes.get("/trading/flatten", requireOwner, async (c) => {
  const owner = c.get("owner");
  const plan = await owner.account.trading.flattenPlan();
  return sendPage(
    c,
    <Page title="Closing everything" owner={owner} room="/trading">
      <div class="head">
        <h1>What closing every position would take</h1>
        <p class="lead">
          Nothing is sent from here. Each line is the order that would close a position; placing it
          is an order of its own, which you approve. Orders that work already are not counted in:
          cancel them first.
        </p>
      </div>
      {plan.ok ? (
        plan.accounts.map((account) => <Closing account={account} />)
      ) : (
        <p class="note bad" role="alert">
          Your positions could not be read. <WithCommands text={plan.message} />
        </p>
      )}
      <p>
        <a href="/trading">Back to trading</a>
      </p>
    </Page>,
  );
});

function Closing({ account }: { account: FlattenAccount }) {
  const { brokerAccount, rows, note } = account;
  return (
    <section class="card" aria-label={`Account ${brokerAccount}`}>
      <h2 class="mono">{brokerAccount}</h2>
      {note !== null && <p class="note warn">{note}</p>}
      {rows !== null && rows.length === 0 && <p class="soft">No position is shown.</p>}
      {rows !== null && rows.length > 0 && (
        <ul class="plain rows">
          {rows.map((row) => (
            <li>
              <div class="line">
                <strong>
                  {row.side === null
                    ? `Position in ${displayText(row.what, 80)} of unknown size`
                    : `${row.side === "BUY" ? "Buy" : "Sell"} ${row.quantity} ${displayText(row.what, 80)}`}
                </strong>
                <span>
                  {row.estimated === null
                    ? "value not known"
                    : `about ${inThousands(row.estimated)} ${row.currency ?? ""}`}
                </span>
              </div>
              <span class="small soft">
                Held: {row.held ?? "not known"}, contract {row.conid}
              </span>
            </li>
          ))}
        </ul>
      )}
    </section>
  );
}

function inThousands(value: string): string {
  const [whole = "0", part = ""] = (parseFigure(value)?.toFixed(2) ?? value).split(".");
  return `${whole.replace(/\B(?=(\d{3})+(?!\d))/g, ",")}.${part}`;
}

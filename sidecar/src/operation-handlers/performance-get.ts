import { performanceGet } from "@ibkr-edge-gateway/protocol/operation-schemas/performance-get.ts";
import { performanceOf } from "../client-portal/endpoints/analyst.ts";
import { wire } from "../client-portal/readers.ts";
import { provenance } from "./operation-context.ts";
import { serve } from "./operation-handler.ts";
import { resolveAccount } from "./resolve-account.ts";

export const servePerformanceGet = serve(performanceGet, async (context, input) => {
  const { accountId } = await resolveAccount(context, input.account_id);
  const answer = await context.ask(performanceOf(accountId, input.period));
  const { nav, cps, tpps, pm } = answer.value;
  const own = <T extends { id: string | null }>(rows: readonly T[] | undefined): T | undefined =>
    rows?.find((row) => row.id === accountId);
  const navs = own(nav?.data);
  const returns = own(cps?.data);
  const monthly = own(tpps?.data);
  const days = new Map<string, { nav: string | null; cumulative_return: string | null }>();
  nav?.dates.forEach((date, index) => {
    const day = wire.day.parse(date);
    if (day !== null) days.set(day, { nav: navs?.navs[index] ?? null, cumulative_return: null });
  });
  cps?.dates.forEach((date, index) => {
    const day = wire.day.parse(date);
    if (day === null) return;
    days.set(day, {
      nav: days.get(day)?.nav ?? null,
      cumulative_return: returns?.returns[index] ?? null,
    });
  });
  return {
    account_id: accountId,
    currency: navs?.baseCurrency ?? returns?.baseCurrency ?? null,
    period: input.period,
    method: pm?.slice(0, 20) ?? null,
    start_nav: navs?.startNAV?.val ?? null,
    days: [...days]
      .map(([day, figures]) => ({ day, ...figures }))
      .sort((a, b) => a.day.localeCompare(b.day)),
    months: (tpps?.dates ?? []).flatMap((date, index) => {
      const match = /^(\d{4})(\d{2})$/.exec(date);
      return match === null
        ? []
        : [{ month: `${match[1]}-${match[2]}`, return: monthly?.returns[index] ?? null }];
    }),
    ...provenance(context, [answer]),
  };
});

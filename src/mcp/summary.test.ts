import { IdempotencyKey } from "@ibkr-edge-gateway/protocol/operation-schemas/order-ids.ts";
import { READ_SCOPES } from "@ibkr-edge-gateway/protocol/scopes.ts";
import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import { toolNamed } from "./catalogue.ts";
import { summaryOf, withNextCall, withTaken } from "./summary.ts";

const tool = { name: "ibkr_order_preview", title: "Prepare an order" };
const output = {
  account_id: "DU1234567",
  outcome: "prepared",
  preview: {
    preview_id: "p_1",
    in_words: "Buy 1 AAPL at 269 USD or less, today only",
    may_be_asked: true,
    order: {
      legs: [
        {
          contract: {
            conid: 265598,
            symbol: "AAPL",
            listing_exchange: "NASDAQ",
            currency: "USD",
          },
        },
      ],
    },
    notes: [],
  },
  next_step: "Show the order to the human.",
};

it("names the listing and the account that were taken for the caller", () => {
  const shown = withTaken({ symbol: "AAPL", side: "BUY" }, output);
  expect(summaryOf(tool, shown)).toBe(
    "Buy 1 AAPL at 269 USD or less, today only. Account DU1234567. AAPL was taken as conid 265598: NASDAQ, USD. No account was named, so DU1234567 was taken, the only one open to this connection. Show the order to the human.",
  );
});

it("names nothing that the caller said", () => {
  expect(withTaken({ conid: 265598, account_id: "DU1234567" }, output)).toEqual(output);
});

it("says how much a read holds, whose it is, of when, and how to read on", () => {
  const page = {
    account_id: "DU1234567",
    positions: [{}, {}],
    notes: ["May lag a fill by a minute."],
    source: "simulator",
    as_of: "2026-11-30T14:00:00Z",
    next_cursor: "abc",
  };
  expect(summaryOf({ name: "ibkr_positions_list", title: "Positions" }, page)).toBe(
    'Positions: 2 positions. Account DU1234567. Simulated broker, not real money. As of 2026-11-30T14:00:00Z. May lag a fill by a minute. There is more: call ibkr_positions_list again with cursor "abc" and the same arguments.',
  );
});

it("counts one as one", () => {
  const list = { accounts: [{}] };
  expect(summaryOf({ name: "ibkr_accounts_list", title: "Accounts" }, list)).toBe(
    "Accounts: 1 account.",
  );
});

it("leaves a link alone on its line, so that it is copied without what surrounds it", () => {
  const asked = {
    account_id: "DU1234567",
    approval: { approval_url: "https://gateway.example/approvals/ap_1" },
    next_step: "Give the owner the link.",
  };
  const lines = summaryOf({ name: "ibkr_approvals_create", title: "Ask" }, asked).split("\n");
  expect(lines.at(-1)).toBe("https://gateway.example/approvals/ap_1");
});

describe("the call after a preview that may be asked", () => {
  const asks = (scopes: Iterable<string>, mode = "paper") => {
    const { preview } = output;
    const shown = withNextCall({ ...output, preview: { ...preview, mode } }, true, new Set(scopes));
    return String(shown.next_step);
  };

  it("lets the owner's tap send the order, under a key of the preview, where the client may submit", () => {
    const said = asks([...READ_SCOPES, "ibkr:orders:paper:submit"]);
    expect(said).toBe(
      'Show the order to the human. Next call: ibkr_approvals_create {"account_id":"DU1234567","preview_id":"p_1","submit_on_approval":true,"idempotency_key":"approve-p_1"} The owner\'s Approve and send then sends it as well.',
    );
    const call = JSON.parse(/\{.*?\}/.exec(said)?.[0] ?? "");
    const made = toolNamed("ibkr_approvals_create")?.prepare(call, new Map());
    expect(made).toMatchObject({ ok: true });
  });

  it.each([
    ["paper", []],
    ["paper", ["ibkr:orders:live:submit", "ibkr:orders:paper:modify"]],
    ["live", ["ibkr:orders:paper:submit"]],
  ])("asks alone for a %s order where the client may not submit it: %s", (mode, scopes) => {
    expect(asks(scopes, mode)).toBe(
      'Show the order to the human. Next call: ibkr_approvals_create {"account_id":"DU1234567","preview_id":"p_1"}',
    );
  });

  it("keeps its key within the form of keys, whatever the preview's id", () => {
    const ids = fc.stringMatching(/^[A-Za-z0-9_-]{1,64}$/);
    fc.assert(
      fc.property(ids, (preview_id) => {
        const preview = { ...output.preview, mode: "paper", preview_id };
        const { next_step } = withNextCall(
          { ...output, preview },
          true,
          new Set(["ibkr:orders:paper:submit"]),
        );
        const { idempotency_key } = JSON.parse(/\{.*?\}/.exec(String(next_step))?.[0] ?? "");
        expect(IdempotencyKey.parse(idempotency_key)).toBe(`approve-${preview_id}`);
      }),
    );
  });
});

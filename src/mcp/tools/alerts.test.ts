import { describe, expect, it } from "vitest";
import { asks, refusal } from "../../../test/support/tool-input.ts";
import { alerts } from "./alerts.ts";

describe("ibkr_alerts", () => {
  it("takes an account, or none when there is only one", () => {
    expect(asks(alerts, { account_id: "DU1234567" })).toMatchObject({ account_id: "DU1234567" });
    expect(asks(alerts, {})).not.toHaveProperty("account_id");
    refusal(alerts, { account_id: "everything" });
  });

  it("lists them, or opens one", () => {
    expect(alerts.prepare({})).toMatchObject({ call: { operation: "alerts.list", input: {} } });
    expect(alerts.prepare({ alert_id: "9", account_id: "DU1234567" })).toMatchObject({
      call: { operation: "alerts.get", input: { alert_id: "9", account_id: "DU1234567" } },
    });
    refusal(alerts, { alert_id: "all" });
  });
});

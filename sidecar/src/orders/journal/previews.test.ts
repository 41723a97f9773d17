import { beforeEach, describe, expect, it } from "vitest";
import { START_MS } from "../../../../test/support/intent-record.ts";
import { aTicket } from "../../../../test/support/orders.ts";
import { openOrderStore } from "./order-store.ts";
import { createPreviews, prunePreviews } from "./previews.ts";
import { deleteUsageWithoutPreview } from "./tables/joint/usage-without-preview.ts";
import { insertPreviewUsage, previewUsage } from "./tables/preview-usage.ts";
import { insertPreview, previewRow, setFirstEcho } from "./tables/previews.ts";
import { routineQuestionsOf, storeRoutineQuestion } from "./tables/routine-questions.ts";
import { ORDERS_SCHEMA } from "./tables/schema.ts";

let { db } = openOrderStore(":memory:");
beforeEach(() => {
  ({ db } = openOrderStore(":memory:"));
});
const usage = { ordersToday: 1, ordersLastMinute: 0, dailyPnl: null, effect: null };
const kept = (madeAt: number) => ({
  ticket: aTicket(),
  generation: 1,
  echo: null,
  madeAt,
  usage,
});

describe("the previews of a journal", () => {
  it("come back as they were kept, usage included", () => {
    const previews = createPreviews(db);
    previews.keepPreview("pv_1", kept(START_MS));
    previews.keepPreview("pv_2", { ...kept(START_MS), usage: null });
    expect(previews.preview("pv_1", START_MS)).toEqual(kept(START_MS));
    expect(previews.preview("pv_2", START_MS)?.usage).toBeNull();
    expect(previews.preview("pv_3", START_MS)).toBeNull();
  });

  it("are never kept twice under one id", () => {
    const previews = createPreviews(db);
    previews.keepPreview("pv_1", kept(START_MS));
    expect(() => previews.keepPreview("pv_1", kept(START_MS))).toThrow();
  });

  it("are pruned with what had gone out by then, and the later ones stay", () => {
    const previews = createPreviews(db);
    previews.keepPreview("pv_1", kept(START_MS));
    previews.keepPreview("pv_2", kept(START_MS + 1));
    prunePreviews(db, START_MS + 1);
    expect([previewRow(db, "pv_1"), previewUsage(db, "pv_1")]).toEqual([null, null]);
    expect(previews.preview("pv_2", START_MS + 1)?.usage).toEqual(usage);
  });
});

describe("the tables under them", () => {
  it("take the first number of a preview and no second", () => {
    insertPreview(db, { previewId: "p", ticket: "{}", generation: 1, echo: null, madeAtMs: 0 });
    setFirstEcho(db, "p", 42);
    setFirstEcho(db, "p", 43);
    expect(previewRow(db, "p")?.echo).toBe(42);
  });

  it("delete the usage of a preview that is gone, and no other", () => {
    insertPreview(db, { previewId: "p", ticket: "{}", generation: 1, echo: null, madeAtMs: 0 });
    insertPreviewUsage(db, "p", "1");
    insertPreviewUsage(db, "q", "2");
    deleteUsageWithoutPreview(db);
    expect([previewUsage(db, "p"), previewUsage(db, "q")]).toEqual(["1", null]);
  });

  it("keep the latest wording of a routine question, by its kind", () => {
    const row = { kind: "place LMT", messageId: "o1", message: "old", seenAtMs: 1 };
    storeRoutineQuestion(db, row);
    storeRoutineQuestion(db, { ...row, messageId: "o0", message: "first" });
    storeRoutineQuestion(db, { ...row, message: "new" });
    expect(routineQuestionsOf(db, "place LMT")).toEqual(["first", "new"]);
    expect(routineQuestionsOf(db, "place MKT")).toEqual([]);
  });

  it("are made once, and again without harm", () => {
    insertPreviewUsage(db, "p", "1");
    db.exec(ORDERS_SCHEMA);
    expect(previewUsage(db, "p")).toBe("1");
  });
});

import { DatabaseSync } from "node:sqlite";
import { beforeEach, describe, expect, it } from "vitest";
import { START_MS } from "../../../../test/support/intent-record.ts";
import { aTicket } from "../../../../test/support/orders.ts";
import { openOrderStore } from "./order-store.ts";
import { createPreviews, prunePreviews } from "./previews.ts";
import { deleteUsageWithoutPreview } from "./tables/joint/usage-without-preview.ts";
import { insertPreviewUsage, previewUsage } from "./tables/preview-usage.ts";
import { insertPreview, previewRow, setFirstEcho, widenPreviewsTable } from "./tables/previews.ts";
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

const ROW = { previewId: "p", ticket: "{}", generation: 1, echo: null, madeAtMs: 0 };
const NOBODYS = { share: null, reduces: false };

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

describe("the places of previews", () => {
  const exit = (share: string | null) => ({ share, reduces: true });

  it("are counted for each client and for all, those of exits apart", () => {
    const previews = createPreviews(db);
    previews.keepPreview("pv_1", kept(START_MS), { share: "a", reduces: false });
    previews.keepPreview("pv_2", kept(START_MS + 1), { share: "a", reduces: false });
    previews.keepPreview("pv_3", kept(START_MS + 1), exit("a"));
    previews.keepPreview("pv_4", kept(START_MS + 1));
    expect(previews.previewsSince(0, { share: "a", reduces: false })).toEqual({ taken: 3, own: 2 });
    expect(previews.previewsSince(START_MS + 1, NOBODYS)).toEqual({ taken: 2, own: 1 });
    expect(previews.previewsSince(0, exit("b"))).toEqual({ taken: 1, own: 0 });
  });

  it("are given up by the client's own oldest, one whose number was shown last of all", () => {
    const previews = createPreviews(db);
    previews.keepPreview("pv_1", kept(START_MS), exit("a"));
    previews.keepPreview("pv_2", kept(START_MS + 1), exit("a"));
    previews.keepPreview("pv_3", kept(START_MS - 1), exit("b"));
    previews.setEcho("pv_1", 42);
    previews.dropOldestPreview(exit("a"));
    expect(previewRow(db, "pv_2")).toBeNull();
    previews.dropOldestPreview(exit("a"));
    expect(previewRow(db, "pv_1")).toBeNull();
    previews.dropOldestPreview(exit("a"));
    expect(previewRow(db, "pv_3")).not.toBeNull();
  });

  it("of an earlier version's table are nobody's", () => {
    const old = new DatabaseSync(":memory:");
    old.exec(ORDERS_SCHEMA);
    old.exec("INSERT INTO previews VALUES ('p', '{}', 1, NULL, 5)");
    widenPreviewsTable(old);
    widenPreviewsTable(old);
    expect(createPreviews(old).previewsSince(0, NOBODYS)).toEqual({ taken: 1, own: 1 });
  });
});

describe("the tables under them", () => {
  it("take the first number of a preview and no second", () => {
    insertPreview(db, ROW, NOBODYS);
    setFirstEcho(db, "p", 42);
    setFirstEcho(db, "p", 43);
    expect(previewRow(db, "p")?.echo).toBe(42);
  });

  it("delete the usage of a preview that is gone, and no other", () => {
    insertPreview(db, ROW, NOBODYS);
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

import type { DatabaseSync } from "node:sqlite";
import { beforeEach, describe, expect, it } from "vitest";
import { anIntentRecord } from "../../../../../../test/support/intent-record.ts";
import { type OrderStore, openOrderStore } from "../../order-store.ts";
import { coidOfOrderId, noteOrderId } from "../order-ids.ts";
import { deleteIdsWithoutIntent } from "./ids-without-intent.ts";

let store: OrderStore;
let db: DatabaseSync;
let coid: string;

beforeEach(() => {
  store = openOrderStore(":memory:");
  ({ db } = store);
  const record = anIntentRecord();
  ({ coid } = record);
  store.insert(record);
});

const left = (...ids: string[]) => ids.filter((id) => coidOfOrderId(db, id) !== null);

describe("the broker's numbers in the journal", () => {
  it("go when no intent has them, and stay with the intent that has", () => {
    noteOrderId(db, "11", coid);
    noteOrderId(db, "12", "ieg1-gone");
    noteOrderId(db, "13", coid);
    expect(deleteIdsWithoutIntent(db, 10)).toBe(true);
    expect(left("11", "12", "13")).toEqual(["11", "13"]);
    expect(coidOfOrderId(db, "11")).toBe(coid);
  });

  it("go a part at a time, and it says when there is nothing more", () => {
    const gone = ["1", "2", "3", "4", "5"];
    for (const id of gone) noteOrderId(db, id, "ieg1-gone");
    noteOrderId(db, "11", coid);
    const turns: [boolean, number][] = [];
    for (let turn = 0; turn < 3; turn += 1) {
      turns.push([deleteIdsWithoutIntent(db, 2), left(...gone).length]);
    }
    expect(turns).toEqual([
      [false, 3],
      [false, 1],
      [true, 0],
    ]);
    expect(left("11")).toEqual(["11"]);
    expect(deleteIdsWithoutIntent(db, 2)).toBe(true);
  });

  it("that an earlier version left go with the store's own pruning", () => {
    noteOrderId(db, "11", coid);
    noteOrderId(db, "12", "ieg1-gone");
    store.prune(anIntentRecord().created_at);
    expect(left("11", "12")).toEqual(["11"]);
  });
});

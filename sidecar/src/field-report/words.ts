import {
  orderTypeWord,
  statusWord,
  timeInForceWord,
} from "@ibkr-edge-gateway/protocol/orders/broker-words.ts";

/**
 * The fields whose values are words of the broker's, and the words that we know. Only a word that is known
 * here, in a field that is known for it, stands in a report as it is.
 */
const SEC_TYPES = new Set(
  "STK OPT FUT FOP CASH BOND FUND WAR IND CFD CRYPTO CMDTY BAG IOPT BILL EC SWP FIXED CMB".split(
    " ",
  ),
);
const SIDES = new Set(["BUY", "SELL", "B", "S", "SLD", "BOT"]);
const RIGHTS = new Set(["C", "P", "CALL", "PUT", "Call", "Put"]);

const isStatus = (word: string): boolean => statusWord(word) !== null;
const isType = (word: string): boolean => orderTypeWord(word) !== null;
/** `CLOSE` stands at orders that are done. */
const isTime = (word: string): boolean => word === "CLOSE" || timeInForceWord(word) !== null;

const WORD_FIELDS: ReadonlyMap<string, (word: string) => boolean> = new Map([
  ["order_ccp_status", isStatus],
  ["order_status", isStatus],
  ["status", isStatus],
  ["orderType", isType],
  ["origOrderType", isType],
  ["order_type", isType],
  ["timeInForce", isTime],
  ["tif", isTime],
  ["side", (word: string) => SIDES.has(word)],
  ["secType", (word: string) => SEC_TYPES.has(word)],
  ["sec_type", (word: string) => SEC_TYPES.has(word)],
  ["assetClass", (word: string) => SEC_TYPES.has(word)],
  ["putOrCall", (word: string) => RIGHTS.has(word)],
  ["right", (word: string) => RIGHTS.has(word)],
  // How live a quote is: one letter for each thing that is known of it.
  ["6509", (word: string) => /^[RDZYNPpivBbOSnk]{1,6}$/.test(word)],
  ["mdAvailability", (word: string) => /^[RDZYNPpivBbOSnk]{1,6}$/.test(word)],
]);

/** `known` words may be shown; `new` ones may not, and are told of; `none` is no field of words. */
export function judgeWord(key: string, value: unknown): "known" | "new" | "none" {
  const isWord = WORD_FIELDS.get(key);
  if (isWord === undefined || typeof value !== "string" || value === "") return "none";
  return isWord(value) ? "known" : "new";
}

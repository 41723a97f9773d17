import { exportsUnderWay } from "../../durable-objects/account/audit/exports-under-way.ts";
import {
  createOrderService,
  type OrderService,
} from "../../durable-objects/account/orders/order-service.ts";
import type { AccountParts } from "../../durable-objects/account/rpc/account-parts.ts";
import { OwnerAccount } from "../../durable-objects/account/rpc/owner.ts";
import type { DeskRig } from "./order-desk.ts";

/** The owner's capability over an account of this process, for the session of the rig's owner. */
export function ownerVerbs(
  rig: DeskRig,
  over: {
    orders?: OrderService;
    secret?: string;
    requestId?: string;
    /** What the owner's own acts are noted as. */
    audited?: string[];
  } = {},
): OwnerAccount {
  const { storage, relay, accountId, origin, now } = rig.parts;
  const parts: AccountParts = {
    accountId,
    origin,
    party: { id: new URL(origin).hostname, origin },
    sql: storage.sql,
    hasTables: () => true,
    relay,
    orders: over.orders ?? createOrderService(rig.parts),
    clientUse: new Map(),
    audit: ({ type }) => over.audited?.push(type) ?? 0,
    exportsUnderWay: exportsUnderWay(now),
    announceKeys: () => undefined,
    wakeAt: () => undefined,
    pruneSoon: () => undefined,
    now,
  };
  return new OwnerAccount(parts, over.secret ?? rig.secret, over.requestId ?? "rq");
}

import type { AuditEvent } from "@ibkr-edge-gateway/protocol/audit/event.ts";
import { ALERTS } from "./alert-words.ts";

/** Client ids with the names that their owner knows them by. */
export type Names = ReadonlyMap<string, string>;

/** What the timeline can be narrowed to. */
export const KINDS = {
  orders: { words: "Orders and approvals", of: /^(order|approval|broker|mandate|act|book)\./ },
  stops: { words: "Stops and limits", of: /^(kill|policy)\.|^order\.alert$/ },
  agents: { words: "Agents", of: /^(tool|client|auth)\./ },
  access: { words: "Sign-in and settings", of: /^(owner|approver)\./ },
  pc: { words: "Your PCs and the log", of: /^(sidecar|log)\./ },
} as const;
export type Kind = keyof typeof KINDS;

export const isKind = (text: string): text is Kind => Object.hasOwn(KINDS, text);

/** Who did it, as the owner calls them. */
export function whoDid({ who, meta }: AuditEvent, names: Names): string {
  switch (who.kind) {
    case "owner":
      return "You";
    case "agent":
      return who.client_id === null ? "An agent" : (names.get(who.client_id) ?? "An agent");
    case "sidecar":
      return "Your PC";
    case "gateway":
      return meta.actor === "policy" ? "Your limits" : "The gateway";
  }
}

/** One event as a sentence without its full stop: `Claude asked for your approval of an order`. */
export function sentenceOf(event: AuditEvent, names: Names): string {
  const { type, what, meta, who } = event;
  const actor = whoDid(event, names);
  const client = who.client_id === null ? null : (names.get(who.client_id) ?? "an agent");
  if (type === "tool.call" || type === "tool.refused") {
    const tool = (what.tool ?? "a tool").replace(/^ibkr_/, "").replaceAll("_", " ");
    const end =
      what.decision !== "allow"
        ? " and was refused"
        : what.result === "error"
          ? ", which failed"
          : "";
    return `${actor} called ${tool}${end}`;
  }
  if (type === "order.alert") return `Alert: ${ALERTS[meta.alert ?? ""] ?? "look at your orders"}`;
  if (type === "approval.decided") return `${decided(actor, meta.said)}`;
  if (type === "order.state") return `The order is now ${plain(meta.to ?? "in another state")}`;
  if (type === "kill.engaged") return `${actor} stopped ${SCOPES[meta.scope ?? ""] ?? "trading"}`;
  if (type === "client.admitted") return `You gave ${client ?? "an agent"} access`;
  if (type === "client.changed") return `You changed what ${client ?? "an agent"} may do`;
  if (type === "client.revoked") return `The access of ${client ?? "an agent"} ended`;
  const said = SENTENCES[type];
  return said === undefined ? `${actor}: ${plain(type)}` : said.replace("{who}", actor);
}

function decided(actor: string, said: string | undefined): string {
  if (said === "mandate") return "Your standing approval let an order through";
  if (said === "approve") return `${actor} approved an order`;
  return said === "revoke" ? `${actor} took an approval back` : `${actor} denied an order`;
}

const plain = (code: string): string => code.replaceAll(/[._]/g, " ");

const SCOPES: Readonly<Record<string, string>> = {
  gateway: "all trading",
  broker_account: "trading in one account",
  agent: "one agent",
  sidecar: "everything at the PC",
};

/** `{who}` is replaced by who did it. */
const SENTENCES: Readonly<Record<string, string>> = {
  "act.begun": "Something was begun at your PC",
  "log.opened": "The signed log was opened",
  "log.key_changed": "The log's key changed",
  "log.exported": "The log was exported to your PC",
  "log.purged": "Old private values were removed",
  "log.witness": "Your PC now cosigns the log",
  "log.rolled_back": "The log is shorter than your PC saw it",
  "log.forked": "The log contradicts what your PC saw",
  "log.another_log": "This is another log than the one your PC knows",
  "log.settled": "Log and PC agree again",
  "log.healed": "The log's end was put back from its copy",
  "book.unmatched": "The broker's book holds something this log does not explain",
  "book.not_reconcilable": "The broker no longer shows what this log would be compared with",
  "auth.denied": "Somebody was denied access",
  "owner.signed_in": "You signed in",
  "owner.sign_in_refused": "A sign-in was refused",
  "owner.signed_out": "You signed out",
  "owner.session_revoked": "You ended another sign-in",
  "owner.confirmed": "You confirmed that it is you",
  "owner.passkey_added": "You added a passkey",
  "owner.passkey_refused": "A passkey was refused",
  "owner.passkey_removed": "You removed a passkey",
  "owner.setting_changed": "You changed a setting",
  "owner.recovery_begun": "A way back in was asked for at a PC",
  "owner.recovery_stopped": "The way back in was stopped",
  "owner.foreign_link": "You opened a link of another account",
  "owner.erased": "Private values were erased",
  "sidecar.paired": "You paired a PC",
  "sidecar.pairing_refused": "A pairing was refused",
  "sidecar.connected": "Your PC connected",
  "sidecar.disconnected": "Your PC disconnected",
  "sidecar.key_rotated": "Your PC changed its key",
  "sidecar.pairing_undone": "A PC gave up its pairing",
  "sidecar.chosen": "You switched to another PC",
  "sidecar.revoked": "You revoked a PC",
  "mandate.signed": "You signed a standing approval",
  "mandate.confirmed": "Your PC put the standing approval in force",
  "mandate.revoked": "A standing approval ended",
  "approver.enrolled": "A passkey was accepted at your PC",
  "broker.session": "The broker session changed",
  "broker.order": "The broker changed an order",
  "broker.execution": "The broker filled an order, or a part of it",
  "approval.requested": "{who} asked for your approval of an order",
  "order.submitted": "{who} sent an order to your PC",
  "order.refused": "An order of {who} was refused",
  "order.rehearsed": "{who} rehearsed an order; nothing was sent",
  "order.settled": "The order ended",
  "order.amended": "The order's end was corrected",
  "kill.lifted": "You lifted the stop",
  "policy.changed": "You changed the limits",
};

import type { Capability } from "@ibkr-edge-gateway/protocol/capabilities.ts";
import {
  type EdgeJob,
  type EdgeState,
  emptyEdgeState,
  type SessionRecord,
} from "@ibkr-edge-gateway/protocol/relay/edge/edge-state.ts";
import type {
  CancelAnswer,
  EdgeInput,
  EdgeWrite,
  JobSettlement,
} from "@ibkr-edge-gateway/protocol/relay/edge/edge-step.ts";
import type {
  JournalWrite,
  SidecarState,
} from "@ibkr-edge-gateway/protocol/relay/sidecar/sidecar-state.ts";
import type { SidecarInput } from "@ibkr-edge-gateway/protocol/relay/sidecar/sidecar-step.ts";
import { ulid } from "@ibkr-edge-gateway/protocol/ulid.ts";
import type { MemoryJournal } from "./memory-journal.ts";
import { seededRandom } from "./random.ts";

export const ORIGIN = "https://gateway.test";
export const ACCOUNT = "acct-1";
export const EDGE_KEY = "edge-identity";
export const EDGE_PUBLIC = Buffer.alloc(32, 7).toString("base64url");

/** What an edge keeps on disk. */
export interface EdgeStore {
  session: SessionRecord | null;
  cursors: Map<string, number>;
  openWrites: Map<string, EdgeJob>;
  settledWrites: Map<string, JobSettlement>;
  settledAt: Map<string, number>;
  usedTokens: Set<string>;
  /** The PC in use by its owner's choice; null while none was chosen. */
  chosen: string | null;
  /** Writes whose end the owner was told will never be known. */
  lost: string[];
  /** `journal/seq` of everything applied, in order; twice the same is a defect. */
  applied: { journalId: string; seq: number; type: string; payload: unknown }[];
  audit: { type: string; sidecarId: string; meta: Readonly<Record<string, string>> }[];
  sidecars: Map<
    string,
    { key: string; granted: Capability[]; state: "active" | "revoked"; version: string }
  >;
}

type Item = { text: string } | { close: number; reason: string };

/** One dialled connection: two queues, and whether each end still sees it as open. */
export interface Wire {
  readonly id: string;
  readonly sidecar: Sidecar;
  readonly dial: number;
  toEdge: Item[];
  toSidecar: Item[];
  edgeOpen: boolean;
  sidecarOpen: boolean;
  /** The dial has had its answer; it gets no second one. */
  answered: boolean;
  /** Nothing moves, nobody is told. */
  stalled: boolean;
  lastSeen: number;
}

export interface Sidecar {
  readonly id: string;
  key: string;
  state: SidecarState;
  journal: MemoryJournal;
  /** Verdicts and signatures on their way back to the machine. */
  pending: SidecarInput[];
  running: Map<string, { class: "read" | "write"; operation: string; input: unknown }>;
  wire: Wire | null;
  up: boolean;
  offered: Capability[];
  brokerAccounts: string[] | null;
  clockOffsetMs: number;
  /** Every text it ever got and sent, for tests that look at the wire. */
  received: string[];
  sent: string[];
  /** Close codes it was given. */
  closes: number[];
}

/** Operations of the simulated broker side: one read, one write that leaves a mark. */
export const OPERATIONS: Record<string, { class: "read" | "write"; capability: Capability }> = {
  "test.read": { class: "read", capability: "broker.read" },
  "test.write": { class: "write", capability: "orders.paper" },
  "order.cancel": { class: "write", capability: "orders.paper" },
  "order.place": { class: "write", capability: "orders.paper" },
  "order.preview": { class: "read", capability: "broker.read" },
  "order.answer": { class: "write", capability: "orders.paper" },
};

/** Everything there is at one moment; both halves, the wire and time change it. */
export interface WorldState {
  now: number;
  readonly random: ReturnType<typeof seededRandom>;
  nextId(): string;
  readonly store: EdgeStore;
  edge: EdgeState;
  readonly edgePending: EdgeInput[];
  readonly wires: Map<string, Wire>;
  readonly sidecars: Sidecar[];
  readonly settlements: Map<string, JobSettlement[]>;
  readonly cancelAnswers: Map<string, CancelAnswer[]>;
  watchJournal: ((writes: readonly JournalWrite[]) => void) | undefined;
  watchWrites: ((writes: readonly EdgeWrite[]) => void) | undefined;
}

export function newWorldState(seed: number): WorldState {
  const random = seededRandom(seed);
  const state: WorldState = {
    now: Date.UTC(2026, 10, 20, 10),
    random,
    nextId: () => ulid(state.now, random.bytes(10)),
    store: {
      session: null,
      cursors: new Map(),
      openWrites: new Map(),
      settledWrites: new Map(),
      settledAt: new Map(),
      usedTokens: new Set(),
      chosen: null,
      lost: [],
      applied: [],
      audit: [],
      sidecars: new Map(),
    },
    edge: emptyEdgeState(),
    edgePending: [],
    wires: new Map(),
    sidecars: [],
    settlements: new Map(),
    cancelAnswers: new Map(),
    watchJournal: undefined,
    watchWrites: undefined,
  };
  return state;
}

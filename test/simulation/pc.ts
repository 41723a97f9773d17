import { randomBytes } from "node:crypto";
import type { DatabaseSync } from "node:sqlite";
import {
  isOperationName,
  OPERATIONS,
} from "@ibkr-edge-gateway/protocol/operation-schemas/registry.ts";
import type { Clock } from "../../sidecar/src/client-portal/clock.ts";
import { createWire } from "../../sidecar/src/client-portal/paced-wire.ts";
import { createPacer } from "../../sidecar/src/client-portal/pacing/pacer.ts";
import { memoryPacingStore } from "../../sidecar/src/client-portal/pacing/pacing-store.ts";
import type { DiskReserve } from "../../sidecar/src/config/disk-reserve.ts";
import { openAccountJournal } from "../../sidecar/src/journal/account-journal.ts";
import type { OrderStore } from "../../sidecar/src/orders/journal/order-store.ts";
import { createRelayLink } from "../../sidecar/src/relay/relay-link.ts";
import type { RelayLink } from "../../sidecar/src/relay/relay-link-interface.ts";
import { createBroker } from "../../sidecar/src/run/broker.ts";
import type { Broker } from "../../sidecar/src/run/broker-interface.ts";
import { openOrderSide } from "../../sidecar/src/run/open-order-side.ts";
import { loadLocalPolicy } from "../../sidecar/src/trust/limits/local-policy-file.ts";
import { loadDeviceKey } from "../../sidecar/src/trust/pc-keys/device-key.ts";
import { questionNumber } from "../../sidecar/src/trust/tables/question-numbers.ts";
import type { BrokerModel } from "./broker-model.ts";
import { Crashed, endHold, type Handle, watch } from "./disk.ts";
import type { ObjectHost } from "./object-host.ts";
import { dialler } from "./pc-connect.ts";
import type { PcParts } from "./pc-parts.ts";
import { openStream } from "./pc-stream.ts";
import { type Actor, actor } from "./scheduler.ts";

/**
 * The owner's PC: the product's broker side, order side, journals and relay link in one process that
 * may die at any write and any request, on a clock that may be wrong.
 */
export class Pc {
  /** How far its clock is ahead of the world's, milliseconds. */
  skewMs = 0;
  /** Effects until it dies; infinite while nothing is planned. */
  fuse = Number.POSITIVE_INFINITY;
  /** The same, counted from the next order's request on. */
  fuseAtOrder: number | null = null;
  /** Called as an entry asks for its connection, and when its first byte has left; one for each. */
  readonly onOrder: Record<"leaving" | "left", (() => void)[]> = { leaving: [], left: [] };
  /** How a death by the fuse is one. */
  power = false;
  diskFull = false;
  /** Nothing of the relay gets through at a dial. */
  offline = false;
  /** How often it was started. */
  lives = 0;
  onDeath: () => void = () => {};
  readonly #parts: PcParts;
  /** Its file of the pacing. */
  readonly #pacing = memoryPacingStore();
  #reserveGiven = false;
  #process: Process | null = null;
  #starting = false;

  constructor(parts: PcParts) {
    this.#parts = parts;
  }

  get up(): boolean {
    return this.#process !== null;
  }

  get session(): { state: string; mode: string } | null {
    return this.#process?.broker?.session() ?? null;
  }

  get linked(): boolean {
    return this.#process?.link?.state().link.kind === "live";
  }

  now(): number {
    return this.#parts.scheduler.now + this.skewMs;
  }

  /** Starts the process, in a task of its own. */
  start(): void {
    if (this.#process !== null || this.#starting) return;
    this.#starting = true;
    this.lives += 1;
    const owner = actor(`pc ${this.lives}`);
    this.#parts.scheduler.after(
      1,
      () => {
        this.#starting = false;
        this.#boot(owner);
      },
      owner,
    );
  }

  /** SIGKILL, or the power is cut: nothing that it still waits for reaches it. */
  kill(power = false): void {
    const process = this.#process;
    if (process === null) return;
    this.#process = null;
    this.fuse = Number.POSITIVE_INFINITY;
    process.owner.alive = false;
    watch(null);
    endHold(process.open, power);
    process.line?.cut();
    this.onDeath();
  }

  /** The store of its orders, for whoever looks from outside; null while it is not running. */
  get orders(): OrderStore | null {
    return this.#process?.store ?? null;
  }

  /** The owner lets it take the broker session back (`ibkr-sidecar takeover`). */
  takeOver(): void {
    const until = this.now() + 60_000;
    this.#process?.broker?.core.supervisor.observe({ kind: "takeover_allowed", until });
  }

  /** The number beside a request, as the owner reads it at the PC (`ibkr-sidecar requests`). */
  numberOf(previewId: string): number | null {
    return this.orders?.preview(previewId, this.now())?.echo ?? null;
  }

  /** The number beside the broker's open question. */
  numberOfQuestion(coid: string): number | null {
    const store = this.orders;
    const question = store?.intent(coid)?.question;
    return store == null || question == null
      ? null
      : questionNumber(store.db, coid, question.reply_id);
  }

  #boot(owner: Actor): void {
    const { scheduler, configDir, pairing } = this.#parts;
    const process: Process = {
      owner,
      open: new Map(),
      broker: null,
      link: null,
      line: null,
      store: null,
    };
    this.#process = process;
    watch({
      open: process.open,
      full: () => this.#full,
      effect: () => this.#effect(process),
    });
    const clock: Clock = {
      now: () => this.now(),
      after: (ms, task) => scheduler.after(ms, task, owner),
    };
    const log = (level: string) => (facts: object, message: string) => {
      this.onLog(level, message, facts);
    };
    const logger = {
      debug: log("debug"),
      info: log("info"),
      warn: log("warn"),
      error: log("error"),
    };
    const reserve = this.#reserve();
    reserve.keep();
    const deviceKey = loadDeviceKey(configDir);
    if (deviceKey === null) throw new Error("the PC has no key");
    let journal: ReturnType<typeof openAccountJournal>;
    let side: ReturnType<typeof openOrderSide>;
    try {
      journal = openAccountJournal(configDir, pairing, () => this.now(), reserve, {
        onDamaged: () => {
          throw new Error("a journal was found damaged");
        },
      });
      side = openOrderSide(
        configDir,
        pairing,
        reserve,
        (store) => {
          process.store = store;
          return { takeUnasked: false, taken: () => {}, waiting: () => {} };
        },
        { standing: () => ({ state: "unwitnessed" }), seen: () => null },
      );
    } catch (thrown) {
      if (this.#process !== process) return;
      if (!this.diskFull) throw thrown;
      // Without room for its journal it does not start; whoever keeps it running tries again.
      this.kill();
      return;
    }
    const made = createBroker({
      baseUrl: "https://127.0.0.1:5000",
      configDir,
      logger,
      clock,
      ownerZone: "Europe/Berlin",
      resetZone: "America/New_York",
      isOwnOrder: side.isOwnOrder,
      orders: side.open,
      openWire: (options) => this.#openWire(options, process),
      openStream: (credential, heard) => openStream(this.#parts, process.owner, credential, heard),
    });
    made.then(
      (broker) => {
        if (this.#process !== process) return;
        process.broker = broker;
        process.link = createRelayLink({
          pairing,
          deviceKey,
          policy: loadLocalPolicy(configDir),
          journal,
          executor: broker,
          operations: (name) => (isOperationName(name) ? OPERATIONS[name] : null),
          version: "simulation",
          logger,
          connect: dialler(this.#parts, {
            owner: process.owner,
            offline: () => this.offline,
            runs: () => this.#process === process,
            dialled: (line) => {
              process.line = line;
            },
          }),
          now: () => this.now(),
          random: () => Math.random(),
          random32: () => randomBytes(32).toString("base64url"),
          onChange: () => {},
        });
        process.link.start();
      },
      (thrown: unknown) => {
        if (this.#process !== process) return;
        if (!this.diskFull) throw thrown;
        this.kill();
      },
    );
  }

  get #full(): boolean {
    return this.diskFull && !this.#reserveGiven;
  }

  /** The room that the PC keeps for exits: the file itself is not written, only what it stands for. */
  #reserve(): DiskReserve {
    const giveUp = (): boolean => {
      if (this.#reserveGiven) return false;
      this.#reserveGiven = true;
      return true;
    };
    return {
      keep: () => {
        if (!this.diskFull) this.#reserveGiven = false;
        return !this.#reserveGiven;
      },
      giveUpWhenFull: () => {
        if (this.diskFull) giveUp();
      },
      giveUp,
    };
  }

  onLog: (level: string, message: string, facts: object) => void = () => {};

  #effect(process: Process): void {
    if (this.#process !== process) throw new Crashed("this process is over");
    this.fuse -= 1;
    if (this.fuse > 0) return;
    this.kill(this.power);
    throw new Crashed("killed here");
  }

  #openWire(
    {
      clock,
      onRateLimited,
    }: Parameters<NonNullable<Parameters<typeof createBroker>[0]["openWire"]>>[0],
    process: Process,
  ) {
    const { broker } = this.#parts;
    const pacer = createPacer({ clock, store: this.#pacing });
    const transport = {
      send: (request: Parameters<BrokerModel["send"]>[0]) => {
        if (this.#process !== process) return new Promise<never>(() => {});
        const entry =
          request.method === "POST" &&
          request.path.endsWith("/orders") &&
          JSON.stringify(request.body).includes('"BUY"');
        if (entry) this.onOrder.leaving.shift()?.();
        return broker.send(request, {
          owner: process.owner,
          alive: () => this.#process === process,
          beforeRequest: () => {
            if (this.fuseAtOrder !== null && /\/account\/[^/]+\/order/.test(request.path)) {
              this.fuse = this.fuseAtOrder;
              this.fuseAtOrder = null;
            }
            if (request.method !== "GET") this.#effect(process);
          },
          afterRequest: () => {
            if (entry) this.onOrder.left.shift()?.();
            if (request.method !== "GET") this.#effect(process);
          },
        });
      },
      verifyPeer: () => null,
      close: () => Promise.resolve(),
    };
    const wire = createWire({
      transport,
      pacer,
      clock,
      onRateLimited: () => onRateLimited(pacer.silentUntil()),
    });
    return { pacer, transport, wire, openAroundTheClock: () => true };
  }
}

interface Process {
  owner: Actor;
  open: Map<DatabaseSync, Handle>;
  broker: Broker | null;
  link: RelayLink | null;
  line: ReturnType<ObjectHost["pair"]> | null;
  store: OrderStore | null;
}

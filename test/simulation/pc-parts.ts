import type { Pairing } from "../../sidecar/src/config/pairing-file.ts";
import type { BrokerModel } from "./broker-model.ts";
import type { Chance } from "./chance.ts";
import type { ObjectHost } from "./object-host.ts";
import type { Scheduler } from "./scheduler.ts";

/** What the owner's PC of one world is made of. */
export interface PcParts {
  scheduler: Scheduler;
  chance: Chance;
  configDir: string;
  pairing: Pairing;
  broker: BrokerModel;
  object: ObjectHost;
  /** Whether the broker's stream can be reached. */
  stream: boolean;
}

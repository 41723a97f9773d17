import { setTimeout as sleep } from "node:timers/promises";
import type { SeededRandom } from "../../support/relay/random.ts";
import type { Load } from "./agent.ts";
import type { World } from "./world.ts";

type Fault = (world: World, random: SeededRandom, load: Load) => Promise<void>;

const direction = (random: SeededRandom) => (random.below(2) === 0 ? "to PC" : "to edge");

/** What is done to the parts around the broker, by name. Each leaves a world that heals by itself. */
export const FAULTS: Readonly<Record<string, { weight: number; do: Fault }>> = {
  "kill the sidecar": { weight: 1.5, do: ({ pc }) => pc.kill() },
  "light the sidecar's fuse": {
    weight: 4,
    do: async ({ pc }, random) => {
      const before = pc.starts();
      pc.layFuse(1 + random.below(90));
      for (let looks = 0; looks < 30 && pc.starts() === before; looks += 1) await sleep(100);
    },
  },
  "kill the Worker": { weight: 0.6, do: ({ restartGateway }) => restartGateway() },
  "light the Worker's fuse, to the process's death": {
    weight: 0.6,
    do: ({ layFuse }, random) => layFuse(1 + random.below(60), "kill"),
  },
  "light the object's fuse": {
    weight: 5,
    do: ({ layFuse }, random) => layFuse(1 + random.below(60), "abort"),
  },
  "cut the line": { weight: 3, do: async ({ proxy }) => proxy.cut() },
  "stall the line": {
    weight: 1,
    do: async ({ proxy }, random) => {
      proxy.stall(true);
      await sleep(100 + random.below(900));
      proxy.stall(false);
    },
  },
  "refuse to be dialled": {
    weight: 1,
    do: async ({ proxy }, random) => {
      proxy.refuse(true);
      proxy.cut();
      await sleep(100 + random.below(600));
      proxy.refuse(false);
    },
  },
  "lose a frame": {
    weight: 2,
    do: async ({ proxy }, random) => proxy.disturb(direction(random), "lose"),
  },
  "repeat a frame": {
    weight: 3,
    do: async ({ proxy }, random) => proxy.disturb(direction(random), "repeat"),
  },
  "swap two frames": {
    weight: 2,
    do: async ({ proxy }, random) => proxy.disturb(direction(random), "swap"),
  },
  "take the broker's session away": {
    weight: 0.4,
    do: async ({ broker }) => void (await broker("POST /session/evict", {})),
  },
  "have the broker ask what nobody knows": {
    weight: 0.8,
    do: async ({ broker }, random) => {
      const extra = [
        { id: `o9${random.below(900)}`, text: `Are you sure of ${random.below(99)}?` },
      ];
      await broker("PATCH /behaviours", { questions: { extra } });
      await sleep(150 + random.below(300));
      await broker("PATCH /behaviours", { questions: { extra: [] } });
    },
  },
  "engage the kill switch, and lift it": {
    weight: 0.6,
    do: async ({ agent, owner }, random, load) => {
      const told = await agent.call("ibkr_kill_switch_engage", { reason: "chaos" });
      // Without an answer it may be engaged or not: then nothing is counted, and it is lifted.
      if (told.ok) load.switches += 1;
      await sleep(500 + random.below(1_500));
      if (told.ok) load.switches += 1;
      for (let tries = 0; tries < 40; tries += 1) {
        await owner.lift().catch(() => false);
        const now = await agent.call("ibkr_kill_switch_status");
        if (now.ok && now.answer.engaged === false) return;
        await sleep(300);
      }
      throw new Error("the kill switch could not be lifted");
    },
  },
};

export function pickFault(random: SeededRandom): string {
  const all = Object.entries(FAULTS);
  let at = random.next() * all.reduce((sum, [, { weight }]) => sum + weight, 0);
  for (const [name, { weight }] of all) {
    at -= weight;
    if (at < 0) return name;
  }
  return "cut the line";
}

import * as z from "zod";
import type { Connect } from "../../sidecar/src/relay/relay-socket.ts";
import type { ObjectHost } from "./object-host.ts";
import type { PcParts } from "./pc-parts.ts";
import type { Actor } from "./scheduler.ts";

type Line = ReturnType<ObjectHost["pair"]>;

interface Dialling {
  owner: Actor;
  /** Nothing of the relay gets through at a dial. */
  offline: () => boolean;
  /** Whether the process that dialled is the one there is. */
  runs: () => boolean;
  dialled: (line: Line) => void;
}

const UpgradeRefusal = z.object({ message: z.string(), at: z.string() });

/** How the PC of one world dials its gateway; what a process that is over sends goes nowhere. */
export function dialler(
  { scheduler, chance, object }: Pick<PcParts, "scheduler" | "chance" | "object">,
  { owner, offline, runs, dialled }: Dialling,
): Connect {
  return (url, token, events) => {
    let line: ReturnType<ObjectHost["pair"]> | null = null;
    let given = false;
    const later = (act: () => void) => scheduler.after(chance.between(1, 60), act, owner);
    const refused = (...why: Parameters<typeof events.onRefused>) => {
      if (!given) events.onRefused(...why);
      given = true;
    };
    if (offline()) {
      later(() => refused("the gateway could not be reached (ECONNREFUSED)"));
    } else {
      scheduler.after(
        chance.between(1, 60),
        () => {
          object.upgrade(token, url).then(
            (response) => {
              const socket = response.webSocket;
              if (socket !== undefined) {
                const made = object.lineOf(socket);
                later(() => {
                  if (made === null || given) return;
                  line = made;
                  dialled(made);
                  made.open({ onText: events.onText, onClosed: events.onClosed }, owner);
                  events.onOpen();
                });
                return;
              }
              void response.json().then((body: unknown) => {
                const { message, at } = UpgradeRefusal.parse(body);
                later(() => refused(message, { refusedKey: { edgeTimeMs: Date.parse(at) } }));
              });
            },
            () => later(() => refused("the gateway could not be reached (ECONNRESET)")),
          );
        },
        object.platform,
      );
    }
    return {
      send: (text) => {
        if (runs()) line?.sendFromPc(text);
      },
      close: (code) => {
        given = true;
        line?.closeFromPc(code);
      },
      buffered: () => 0,
    };
  };
}

import type { StreamSocketEvents } from "../../sidecar/src/client-portal/stream/stream-socket.ts";
import type { PcParts } from "./pc-parts.ts";
import type { Actor } from "./scheduler.ts";

/** The broker's stream, as the PC dials it: frames take a while, in order. */
export function openStream(
  {
    scheduler,
    chance,
    broker,
    stream,
  }: Pick<PcParts, "scheduler" | "chance" | "broker" | "stream">,
  owner: Actor,
  credential: string,
  heard: StreamSocketEvents,
) {
  if (!stream || broker.down) {
    scheduler.after(5, () => heard.onClose(), owner);
    return { send: () => {}, terminate: () => {} };
  }
  let open = true;
  let lastAt = 0;
  const listeners: Record<string, (data: unknown) => void> = {};
  const arrive = (act: () => void): void => {
    lastAt = Math.max(lastAt, scheduler.now + chance.between(1, 20));
    scheduler.after(lastAt - scheduler.now, () => open && act(), owner);
  };
  const close = (): void => {
    if (!open) return;
    arrive(() => {
      open = false;
      heard.onClose();
    });
    scheduler.after(1, () => listeners.close?.(undefined), broker.place);
  };
  const socket = {
    readyState: 1,
    OPEN: 1,
    send: (data: string | Uint8Array) => {
      const text = typeof data === "string" ? data : Buffer.from(data).toString("utf8");
      arrive(() => heard.onText(text));
    },
    close,
    terminate: close,
    on: (event: string, listener: (data: unknown) => void) => {
      listeners[event] = listener;
    },
  };
  scheduler.after(
    chance.between(1, 20),
    () => {
      if (open) broker.sockets.accept(socket, credential);
    },
    broker.place,
  );
  arrive(() => heard.onOpen());
  return {
    send: (text: string) => {
      // Profit and loss come each second, and no order depends on them.
      if (text.startsWith("spl")) return;
      scheduler.after(chance.between(1, 20), () => listeners.message?.(text), broker.place);
    },
    terminate: () => {
      open = false;
      scheduler.after(1, () => listeners.close?.(undefined), broker.place);
    },
  };
}

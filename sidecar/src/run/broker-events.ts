import type { BrokerEvent } from "../client-portal/events/broker-event.ts";

/** Who hears what the broker side tells. */
type EventListener = (event: BrokerEvent) => void;

/** The listeners of the broker side, and the one voice that they hear. */
export interface BrokerEvents {
  readonly tell: EventListener;
  onEvent(listener: EventListener): () => void;
  /** Called after every other listener, and only when they all took the event. */
  onTaken(listener: EventListener): void;
}

/** Tells every listener in the order in which they came. */
export function createBrokerEvents(): BrokerEvents {
  const listeners = new Set<EventListener>();
  let taken: EventListener = () => {};
  return {
    tell: (event) => {
      for (const listener of listeners) listener(event);
      taken(event);
    },
    onTaken: (listener) => {
      taken = listener;
    },
    onEvent: (listener) => {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
  };
}

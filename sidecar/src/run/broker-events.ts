import type { BrokerEvent } from "../client-portal/events/broker-event.ts";

/** Who hears what the broker side tells. */
type EventListener = (event: BrokerEvent) => void;

/** The listeners of the broker side, and the one voice that they hear. */
export interface BrokerEvents {
  readonly tell: EventListener;
  /** With `fromStart` it hears first what was told before anybody asked for that; one listener does. */
  onEvent(listener: EventListener, options?: { fromStart?: boolean }): () => void;
  /** Called after every other listener, and only when they all took the event. */
  onTaken(listener: EventListener): void;
}

/**
 * Tells every listener in the order in which they came. What is told while this PC starts (an order that
 * the last run left open is settled before there is a link) is kept for the one that takes it to the
 * gateway, so that it loses nothing.
 */
export function createBrokerEvents(): BrokerEvents {
  const listeners = new Set<EventListener>();
  let early: BrokerEvent[] | null = [];
  let taken: EventListener = () => {};
  return {
    tell: (event) => {
      early?.push(event);
      for (const listener of listeners) listener(event);
      taken(event);
    },
    onTaken: (listener) => {
      taken = listener;
    },
    onEvent: (listener, { fromStart = false } = {}) => {
      if (fromStart) {
        const before = early ?? [];
        early = null;
        for (const event of before) listener(event);
      }
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
  };
}

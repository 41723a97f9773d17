/**
 * All that the protocol asks of a connection. A WebSocket is one; a queue in a test is another.
 * What arrives, and that it closed, are inputs of the state machines.
 */
export interface RelayTransport {
  send(text: string): void;
  close(code: number, reason: string): void;
  /** Bytes handed over and not yet on the wire. */
  buffered(): number;
}

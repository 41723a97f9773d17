/**
 * Writes that cancel an order or answer a question about one. They wait for no other write, are
 * held back by none that is in doubt, and hold none back.
 */
const UNQUEUED: ReadonlySet<string> = new Set(["order.cancel", "order.answer"]);

/** Whether an operation, by its name, is such a write. */
export const isUnqueued = (operation: string): boolean => UNQUEUED.has(operation);

/** A cancel: never held back by what other writes left open, nor by a mode switched off. */
export const isExit = (operation: string): boolean => operation === "order.cancel";

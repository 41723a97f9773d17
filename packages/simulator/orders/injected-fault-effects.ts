/** What faults do to orders that a request places. */
export interface OrderEffects {
  silentDrop: boolean;
  hideMs: number;
}

/**
 * A command of the sidecar as it is typed, in the checkout on the PC: the one way that works for the
 * local demo and at home alike. The package is on no registry, so no name is given that somebody
 * else could publish under. `args` are the command and what follows it.
 */
export function sidecarCommand(args: string): string {
  return `npm run sidecar -- ${args}`;
}

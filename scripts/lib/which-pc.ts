/** The folders of this machine in which a PC is set up; null where none is. */
export interface KnownPcs {
  /** The one that `npm start` runs, or ran. */
  readonly npmStart: { readonly folder: string; readonly running: boolean } | null;
  /** The one that a command without a folder is about. */
  readonly own: string | null;
}

export type WhichPc =
  /** The command decides by itself: it names a folder, or there is one PC at most. */
  | { readonly kind: "as_it_is"; readonly say: string | null }
  | { readonly kind: "in"; readonly folder: string; readonly say: string }
  /** A stop: in every folder, each named before what is said of it. */
  | { readonly kind: "in_each"; readonly folders: readonly string[] }
  | { readonly kind: "refused"; readonly why: string };

/** What makes or runs a PC of its own, beside the one that `npm start` runs. */
const OF_ITS_OWN: ReadonlySet<string> = new Set(["pair", "run"]);
/** What is about no PC that is set up. */
const ABOUT_NONE: ReadonlySet<string> = new Set(["simulator", "help"]);
/** What only tells; told of the wrong PC it is read again, and changes nothing. */
const TELLS: ReadonlySet<string> = new Set(["status", "doctor"]);

/**
 * Which PC a command of `npm run sidecar` is about. A stop stops each PC that is known here, because
 * whoever stops may not have in mind which of them sends the orders. Where two are set up, whatever
 * else changes one of them has to name it.
 */
export function whichPc(args: readonly string[], { npmStart, own }: KnownPcs): WhichPc {
  const named = args.some((arg) => arg === "--config-dir" || arg.startsWith("--config-dir="));
  const asksHelp = args.includes("--help") || args.includes("-h");
  const command = args.find((arg) => !arg.startsWith("-"));
  if (named || asksHelp || command === undefined || ABOUT_NONE.has(command)) return AS_IT_IS;
  if (npmStart === null) return AS_IT_IS;
  if (command === "kill") {
    if (own !== null) return { kind: "in_each", folders: [npmStart.folder, own] };
    return about(npmStart.folder);
  }
  if (OF_ITS_OWN.has(command)) {
    if (!npmStart.running) return AS_IT_IS;
    return { kind: "as_it_is", say: "This is not about the PC of npm start, but one beside it." };
  }
  if (own === null) return npmStart.running ? about(npmStart.folder) : AS_IT_IS;
  if (!TELLS.has(command)) return { kind: "refused", why: twoPcs(npmStart.folder, own) };
  return npmStart.running
    ? about(npmStart.folder, own)
    : { kind: "in", folder: own, say: `This is about the PC in ${own}` };
}

const AS_IT_IS: WhichPc = { kind: "as_it_is", say: null };

function about(folder: string, other?: string): WhichPc {
  const rest = `for another: --config-dir ${other ?? "<folder>"}`;
  return { kind: "in", folder, say: `This is about the PC of npm start, in ${folder}; ${rest}` };
}

function twoPcs(npmStart: string, own: string): string {
  return (
    "Two PCs are set up on this machine, and this would change one of them. Nothing was done.\n" +
    "Say which one is meant:\n" +
    `  --config-dir ${npmStart}   the PC of npm start\n` +
    `  --config-dir ${own}   the one beside it`
  );
}

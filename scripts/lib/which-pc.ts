/** The folders of this machine in which a PC is set up. */
export interface KnownPcs {
  /** Those that `npm start` runs, or ran: the demo's, and that of the owner's own broker. */
  readonly npmStart: readonly StartedPc[];
  /** The one that a command without a folder is about; null where there is none. */
  readonly own: string | null;
}

export interface StartedPc {
  readonly folder: string;
  readonly broker: "simulator" | "own";
  readonly running: boolean;
}

export type WhichPc =
  /** The command decides by itself: it names a folder, or there is one PC at most. */
  | { readonly kind: "as_it_is"; readonly say: string | null }
  | { readonly kind: "in"; readonly folder: string; readonly say: string }
  /** A stop, or what only tells: in every folder, each named before what is said of it. */
  | { readonly kind: "in_each"; readonly folders: readonly string[] }
  | { readonly kind: "refused"; readonly why: string };

/** What makes or runs a PC of its own, beside those that `npm start` runs. */
const OF_ITS_OWN: ReadonlySet<string> = new Set(["pair", "run", "restore"]);
/** What is about no PC that is set up. */
const ABOUT_NONE: ReadonlySet<string> = new Set(["simulator", "help"]);
/** What only tells; told of the wrong PC it is read again, and changes nothing. */
const TELLS: ReadonlySet<string> = new Set(["status", "doctor"]);

/**
 * Which PC a command of `npm run sidecar` is about. A stop stops each PC that is known here, because
 * whoever stops may not have in mind which of them sends the orders. Where two are set up, whatever
 * else changes one of them has to name it.
 */
export function whichPc(args: readonly string[], known: KnownPcs): WhichPc {
  const { npmStart, own } = known;
  const named = args.some((arg) => arg === "--config-dir" || arg.startsWith("--config-dir="));
  const asksHelp = args.includes("--help") || args.includes("-h");
  const command = args.find((arg) => !arg.startsWith("-"));
  if (named || asksHelp || command === undefined || ABOUT_NONE.has(command)) return AS_IT_IS;
  const [first] = npmStart;
  if (first === undefined) return AS_IT_IS;
  const folders = [...npmStart.map(({ folder }) => folder), ...(own === null ? [] : [own])];
  const running = npmStart.filter((pc) => pc.running);
  if (command === "kill") {
    return folders.length > 1 ? { kind: "in_each", folders } : about(first);
  }
  if (OF_ITS_OWN.has(command)) {
    if (running.length === 0) return AS_IT_IS;
    return { kind: "as_it_is", say: "This is not about the PC of npm start, but one beside it." };
  }
  if (folders.length === 1) return first.running ? about(first) : AS_IT_IS;
  if (!TELLS.has(command)) return { kind: "refused", why: severalPcs(known) };
  if (running.length > 1) return { kind: "in_each", folders: running.map(({ folder }) => folder) };
  const [runs] = running;
  if (runs !== undefined) {
    return about(
      runs,
      folders.find((folder) => folder !== runs.folder),
    );
  }
  if (own !== null) return { kind: "in", folder: own, say: `This is about the PC in ${own}` };
  return { kind: "in_each", folders };
}

const AS_IT_IS: WhichPc = { kind: "as_it_is", say: null };

function about({ folder }: StartedPc, other?: string): WhichPc {
  const rest = `for another: --config-dir ${other ?? "<folder>"}`;
  return { kind: "in", folder, say: `This is about the PC of npm start, in ${folder}; ${rest}` };
}

function severalPcs({ npmStart, own }: KnownPcs): string {
  const demoAlone = npmStart.length === 1;
  const lines = npmStart.map(({ folder, broker }) => {
    const what = broker === "own" ? " with your own broker" : demoAlone ? "" : ", the demo";
    return `  --config-dir ${folder}   the PC of npm start${what}`;
  });
  if (own !== null) lines.push(`  --config-dir ${own}   the one beside it`);
  const many = lines.length === 2 ? "Two PCs are" : `${lines.length} PCs are`;
  return (
    `${many} set up on this machine, and this would change one of them. Nothing was done.\n` +
    `Say which one is meant:\n${lines.join("\n")}`
  );
}

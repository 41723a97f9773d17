import * as z from "zod";

const Lost = z.object({
  trouble: z.object({ code: z.enum(["SUPERSEDED", "STANDBY"]), message: z.string() }),
});
const Connected = z.object({ msg: z.literal("connected to the gateway") });

/** Tells the person at this machine, from the sidecar's log, when its PC stands by and when no more. */
export function watchStandby(tell: (line: string) => void, pc: string): (text: string) => void {
  let standsBy = false;
  return (text) => {
    const value = jsonOrNull(text);
    const lost = Lost.safeParse(value);
    if (lost.success && !standsBy) {
      standsBy = true;
      tell(`${pc} is not the one in use: ${lost.data.trouble.message}`);
      tell("The gateway and its console run on. To switch back: Sidecars, in the console.");
    } else if (standsBy && Connected.safeParse(value).success) {
      standsBy = false;
      tell(`${pc} is the one in use again.`);
    }
  };
}

function jsonOrNull(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return null;
  }
}

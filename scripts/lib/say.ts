/** A failure that the person at the terminal can do something about, in one line. */
export class Sorry extends Error {
  override readonly name = "Sorry";
}

/** Runs a command's body; what it cannot do becomes one line and a non-zero exit. */
export async function orSaySorry(body: () => Promise<void>): Promise<void> {
  try {
    await body();
  } catch (error) {
    if (!(error instanceof Sorry)) throw error;
    console.error(error.message);
    process.exitCode = 1;
  }
}

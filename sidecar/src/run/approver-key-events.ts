/** How the two lines of the log that are about a passkey of the console are told from others. */
export const APPROVER_TAKEN = "approver_taken";
export const APPROVER_WAITING = "approver_waiting";

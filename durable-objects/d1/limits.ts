export const INVITATION_DAYS = 7;

/** Invitations that may be open at once. */
export const INVITATIONS_MAX = 50;

export const CLEANING_INVITATIONS = 500;

/** What a page needs for a WebAuthn ceremony. */
export interface PasskeyCeremony {
  challenge: string;
  /** Credentials to offer, or, when a new one is made, to leave out. */
  credentials: { id: string; transports: string[] }[];
}

/** Bounds of what a page, an edge and a PC say to one another about approvals. */
export const APPROVER_LIMITS = {
  /** One envelope as JSON: a bracket with twenty warnings of the longest kind fits. */
  envelopeMaxBytes: 160 * 1024,
  /** All that waits at once; the oldest come first, the rest once there is room. */
  pendingMax: 20,
  pendingMaxBytes: 512 * 1024,
  /** One message of a page's: an enrolment with the largest attestation fits. */
  messageMaxBytes: 48 * 1024,
  /** How many receipts a PC gives out and a page keeps. */
  receiptsMax: 50,
  /** How long a ceremony of enrolment stands open. */
  enrolmentSeconds: 300,
  /** How long a probe stands open. */
  probeSeconds: 120,
  /** Pages that one PC may have at a time. */
  pagesMax: 8,
} as const;

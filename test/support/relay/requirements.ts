/**
 * What a session protocol has to be tested for, clause by clause, and the tests that hold each
 * clause, by their names. The clauses come from the specifications and test suites of protocols of
 * this kind, and from defects that were seen in them.
 */
export interface Requirement {
  readonly clause: string;
  readonly tests: readonly string[];
}

const of = (clause: string, ...tests: string[]): Requirement => ({ clause, tests });

export const REQUIREMENTS: Readonly<Record<string, readonly Requirement[]>> = {
  Handshake: [
    of(
      "no opening frame within the deadline",
      "a peer that says nothing is closed after ten seconds",
    ),
    of("garbage", "garbage is answered and the connection closed: %j"),
    of("wrong version", "a wrong protocol version is told to upgrade"),
    of("bad token: an error and a close", "a bad token gets an error and a close"),
    of(
      "features are an intersection",
      "what is effective is what the sidecar offers and the owner granted, and nothing more",
    ),
    of(
      "traffic before the welcome is refused",
      "%s before session.accepted is refused and the connection closed",
    ),
    of("a second opening frame", "a second session.open ends the connection"),
  ],
  Sequence: [
    of("monotonic across concurrent jobs", "numbers rise by one across concurrent jobs and events"),
    of(
      "a gap leads to a resume and is not passed over",
      "a gap is answered by hanging up and healed by the replay that follows",
      "a gap tells its sender which number was expected",
    ),
    of(
      "a repeated number is ignored",
      "(g) an event that comes twice is applied once and acknowledged again",
    ),
    of(
      "stored before sent: a failed append fails the send and leaves no hole",
      "an event that cannot be journaled is not sent, and leaves no hole",
    ),
    of("heartbeats and acks take no number", "pings and acknowledgements take no number"),
  ],
  Resume: [
    of(
      "a drop in the middle of a job: buffered, replayed, live, terminal, once",
      "a drop in the middle of a job: what happened meanwhile is replayed, then live, then the end, once",
    ),
    of("a caught-up peer", "a caught-up peer resumes"),
    of("resume at 0", "a peer that never sent an event resumes at zero"),
    of("a cursor beyond the tail", "a cursor beyond what was ever applied is refused"),
    of(
      "a cursor older than what is kept",
      "after the window the session is gone, and a fresh one is given",
      "an edge that was restored from an earlier copy says how many events it lost",
    ),
    of("a replay larger than the cap", "a replay larger than one batch arrives whole and in order"),
    of("a wrong token of equal length", "a wrong token of the right length is refused"),
    of(
      "an old token after rotation",
      "a token that was rotated away opens nothing once the new one was used",
    ),
    of(
      "a lost welcome, then the previous token",
      "when session.accepted was lost, the token before it still resumes",
    ),
    of(
      "another principal with a stolen token",
      "another paired sidecar with a stolen token gets nothing",
    ),
    of(
      "two resumes that race",
      "of two resumes that race exactly one lives, and the other is told so",
      "two proofs that are signed at the same time give two epochs",
    ),
    of("the older connection is closed", "the connection before is closed as superseded"),
    of(
      "a late frame of an old epoch",
      "a late frame of an old epoch is refused and changes nothing",
    ),
    of("a foreign session id", "a foreign session id is refused and changes nothing"),
  ],
  Close: [
    of(
      "a graceful close leaves jobs",
      "a graceful close leaves writes that were begun to end, and their end is told later",
    ),
    of(
      "no frames after the goodbye",
      "after session.close nothing more is taken from that connection",
    ),
    of(
      "a drop in the middle of a chunked result",
      "a drop in the middle of a chunked result gives no half of it",
    ),
    of(
      "a drop between a result and its ack",
      "a drop between a write's end and its acknowledgement ends the write once",
    ),
  ],
  Idempotency: [
    of(
      "same id, same body, other order of keys",
      "the same digest, in whatever order its keys come, is answered with the present state",
    ),
    of(
      "the terminal is told again",
      "after its end the stored end is told again, under its own number",
    ),
    of(
      "a conflict is an error and no terminal",
      "another input under the same id is refused, and the refusal is not the end of any job",
    ),
    of(
      "a duplicate while the first still runs",
      "a duplicate that comes while the first still runs starts nothing",
    ),
    of("after a restart of the sidecar", "after the sidecar was restarted the job is still known"),
  ],
  Cancel: [
    of("acknowledged before the terminal", "%s: acknowledged first, then its one end"),
    of("after the terminal", "a job that has its end is not cancellable"),
    of(
      "of an unknown job",
      "a job nobody knows is not cancellable",
      "a sidecar says 'unknown' about a job it never got",
    ),
    of(
      "racing with the result: one terminal",
      "a cancel that crosses the result leaves exactly one end",
    ),
    of(
      "what does not stop by itself is cut off",
      "an executor that finishes after its job was cancelled changes nothing",
      "a read past its deadline is cancelled where the work is done",
    ),
  ],
  Heartbeat: [
    of(
      "silent intervals, and jobs survive them",
      "(f) 45 s of silence are dead on both ends, and the writes under way survive it",
      "a ping that is not answered is sent once more after 5 s, and 5 s later the line is dead",
    ),
    of("anything inbound counts", "anything that arrives counts as a sign of life"),
    of("a jump of the clock", "a clock that is set by hours ends nothing at the edge's word"),
  ],
  "Back-pressure": [
    of(
      "a slow reader: memory bounded, the writer parked, then on",
      "a congested line takes no events and no new reads until it has cleared, and loses none",
      "memory is bounded too: beyond it the oldest event goes, and that is said",
    ),
    of(
      "at the cap nothing acknowledged or stored is lost",
      "at the bound of unacknowledged events new writes are refused, and no event is lost",
    ),
    of("one slow subscriber stalls nobody else", "one slow caller does not stall others"),
  ],
  Chunks: [
    of("out of order", "chunks out of order end the job as failed"),
    of("after the final one", "a chunk after the last one ends the job as failed"),
    of("a missing final one", "a missing last chunk is noticed"),
    of("a wrong total or digest", "%s is noticed"),
    of(
      "a character of several bytes across two chunks",
      "text is cut on code points, loses nothing and keeps every piece within its bound",
    ),
    of("a result of 0 bytes", "a result of nothing at all is not a result"),
    of("the size cap", "more than 8 MiB is refused while it arrives, not after"),
  ],
  Leases: [
    of(
      "expired at submission",
      "that has expired at submission is refused, by the edge's own times",
    ),
    of(
      "expires meanwhile",
      "that ends while a write is under way ends the session, and not the write",
    ),
    of(
      "what cannot be shown to be a subset is refused",
      "for another capability than the operation's is refused",
      "is never wider than the local policy: a capability that is not offered here",
    ),
    of(
      "no way around the names a grant gives (it names no path: an operation and a broker account)",
      "for an operation this sidecar does not know is refused",
      "is never wider than the local policy: a broker account that is not allowed here",
    ),
    of(
      "never widened",
      "what is effective is what the sidecar offers and the owner granted, and nothing more",
    ),
  ],
  Unknown: [
    of(
      "a type that looks like the core's, or a vendor's that is required",
      "%s is answered with a request-scoped error, and the session goes on",
    ),
    of("a vendor's optional type", "a type that its sender marked as optional is passed over"),
    of(
      "an unknown kind of event",
      "an unknown kind of broker event ends nothing and applies nothing",
    ),
    of(
      "an unknown field of the envelope",
      "an unknown field beside the known ones of an envelope is ignored",
    ),
  ],
  "Defects seen elsewhere": [
    of(
      "1. an emit after the socket dropped throws and is lost",
      "1: what a job says while its socket is gone is kept, and throws at nobody",
    ),
    of(
      "2. a running job stays bound to the dead socket",
      "2: a job that runs on across a resume speaks and ends on the new connection",
    ),
    of("3. a caught-up peer is refused", "3: a peer that has seen everything may resume"),
    of(
      "4. a stolen resume token takes the session over",
      "4: a stolen resume token is worth nothing to another principal",
    ),
    of(
      "5. the older connection stays open, untold",
      "5: on takeover the connection before is told and closed",
    ),
    of("6. a foreign session id is executed", "6: a frame of a foreign session is not executed"),
    of("7. the same envelope twice", "7: the same frame twice has one effect, whatever its type"),
    of(
      "8. a conflicting duplicate looks like the end of the first job",
      "8: a conflicting duplicate is an error about the request, never the end of the first job",
    ),
    of(
      "9. an unknown operation answered as a job",
      "9: an operation nobody knows is refused as a request, and a job only when it is its own",
    ),
    of(
      "10. malformed and binary frames are dropped in silence",
      "10: malformed JSON and binary frames are answered, not dropped in silence",
    ),
  ],
};

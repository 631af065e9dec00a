/** When a pipeline commits: at the first checkpoint after so many bytes or so long, whichever comes first. */
export interface CommitPolicy {
  /** Arrow bytes since the last commit. Default 128 MiB: a commit costs a flush, a crash costs at most this much reading. */
  readonly commitBytesMax: number
  /** Milliseconds since the last commit. Default 10 s: how old the warehouse may look while a run goes on. */
  readonly commitIntervalMsMax: number
}

export const commitPolicyDefault: CommitPolicy = { commitBytesMax: 128 * 1024 * 1024, commitIntervalMsMax: 10_000 }

/** A position without data is worth a commit now and then: it lets the server forget what is read. */
const idleCommitIntervalMs = 10_000

/** What there is since the last commit. */
export interface SinceCommit {
  readonly bytes: number
  readonly elapsedMs: number
  /** Anything that would be seen in the warehouse. */
  readonly hasData: boolean
  /** The run follows, and has read all that was there at its start. */
  readonly isFollowing: boolean
}

/**
 * Whether a checkpoint is the place to commit. While a run follows, data are committed at once: the commit before has
 * ended by then, and the source has waited for company as long as it may.
 */
export function isCommitDue(policy: CommitPolicy, since: SinceCommit): boolean {
  if (since.isFollowing) return since.hasData || since.elapsedMs >= idleCommitIntervalMs
  return since.bytes >= policy.commitBytesMax || since.elapsedMs >= policy.commitIntervalMsMax
}

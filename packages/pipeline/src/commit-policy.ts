/** When a pipeline commits: at the first checkpoint after so many bytes or so long, whichever comes first. */
export interface CommitPolicy {
  /** Arrow bytes since the last commit. Default 128 MiB: a commit costs a flush, a crash costs at most this much reading. */
  readonly commitBytesMax: number
  /** Milliseconds since the last commit. Default 10 s: how old the warehouse may look while a run goes on. */
  readonly commitIntervalMsMax: number
}

export const commitPolicyDefault: CommitPolicy = { commitBytesMax: 128 * 1024 * 1024, commitIntervalMsMax: 10_000 }

export function isCommitDue(
  policy: CommitPolicy,
  since: { readonly bytes: number; readonly elapsedMs: number },
): boolean {
  return since.bytes >= policy.commitBytesMax || since.elapsedMs >= policy.commitIntervalMsMax
}

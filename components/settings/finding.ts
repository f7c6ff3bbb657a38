/** How much a finding matters: an error stops before anything is created, a warning or hint does not. */
export type Severity = "error" | "warning" | "hint";

/** One thing that was found wrong or worth knowing, for the person who reads it at night. */
export interface Finding {
  readonly severity: Severity;
  /** Stable name for scripts, such as `driver-too-old`. */
  readonly code: string;
  /** Config path, such as `gpudev:users[1].gpus`. */
  readonly path: string;
  /** What is wrong, in one sentence. */
  readonly message: string;
  /** What to do about it, in one sentence. */
  readonly mend: string;
}

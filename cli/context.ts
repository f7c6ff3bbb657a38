import type { Progress } from "./progress";

/** What every command is given: where it works and how it speaks. */
export interface Context {
  /** Folder that holds `stacks/`: the package's own unless `--cwd` names another. */
  readonly folder: string;
  /** `--stack`, where it was given. */
  readonly stack: string | undefined;
  readonly env: NodeJS.ProcessEnv;
  /** Results go to stdout as one JSON document. */
  readonly json: boolean;
  /** Progress, on stderr; silent with `--json`. */
  readonly progress: Progress;
  /** Says something beside the result, on stderr; nothing with `--json`. */
  readonly say: (text: string) => void;
  /** Prints a result for a person, on stdout; nothing with `--json`. */
  readonly print: (text: string) => void;
}

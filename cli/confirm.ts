import * as readline from "node:readline/promises";
import { CommandFailure, ExitCode } from "./outcome";

/** A question before something happens. */
export interface Confirmation {
  /** `--yes`. */
  readonly yes: boolean;
  readonly question: string;
  /** Nobody can answer without a terminal: then what can be taken back goes on, and the rest needs `--yes`. */
  readonly withoutTerminal: "go on" | "refuse";
}

/**
 * Asks on the terminal.
 * @throws CommandFailure where the answer is no, or where it is needed and nobody can be asked
 */
export async function confirm({ yes, question, withoutTerminal }: Confirmation): Promise<void> {
  if (yes) return;
  if (!process.stdin.isTTY) {
    if (withoutTerminal === "go on") return;
    throw new CommandFailure(
      ExitCode.badInput,
      `${question} There is no terminal to answer on.`,
      "Say --yes to go on.",
    );
  }
  const prompt = readline.createInterface({ input: process.stdin, output: process.stderr });
  try {
    const answer = await prompt.question(`${question} [y/N] `);
    if (!/^y(es)?$/i.test(answer.trim()))
      throw new CommandFailure(ExitCode.failed, "Left as it is.");
  } finally {
    prompt.close();
  }
}

/**
 * Asks for a name to be typed before something that is hard to take back. Without a terminal only `--yes` goes on.
 * @throws CommandFailure where another text is typed, or where nobody can be asked
 */
export async function confirmByName(yes: boolean, question: string, name: string): Promise<void> {
  if (yes) return;
  if (!process.stdin.isTTY)
    throw new CommandFailure(
      ExitCode.badInput,
      `${question} There is no terminal to answer on.`,
      "Say --yes to go on.",
    );
  const prompt = readline.createInterface({ input: process.stdin, output: process.stderr });
  try {
    const answer = await prompt.question(`${question}\nType ${name} to go on: `);
    if (answer.trim() !== name) throw new CommandFailure(ExitCode.failed, "Left as it is.");
  } finally {
    prompt.close();
  }
}

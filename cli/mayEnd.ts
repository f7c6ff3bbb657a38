import { confirm } from "./confirm";
import { CommandFailure, ExitCode } from "./outcome";

const strangersText = (containers: readonly string[]) =>
  `${containers.join(", ")} run, and Pulumi's state here does not know them: they were made from another machine, account or backend.`;

/**
 * Asks before containers end that Pulumi's state here knows nothing of. Unlike what a killed run left,
 * they are likely to be in use; so without a terminal only `--yes` goes on.
 */
export function mayEnd(yes: boolean): (containers: readonly string[]) => Promise<void> {
  return (containers) =>
    confirm({
      yes,
      question: `${strangersText(containers)} End what runs in them, and go on from here? Homes stay.`,
      withoutTerminal: "refuse",
    });
}

/**
 * For a command that is not about them.
 * @throws CommandFailure (bad input) always
 */
export function mayNotEnd(containers: readonly string[]): Promise<void> {
  return Promise.reject(
    new CommandFailure(
      ExitCode.badInput,
      strangersText(containers),
      "Work from there; or run `gpudev up` here first, which asks before it takes the stack over.",
    ),
  );
}

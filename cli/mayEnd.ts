import { confirm } from "./confirm";

/**
 * Asks before containers end that Pulumi's state here knows nothing of. Unlike what a killed run left,
 * they are likely to be in use; so without a terminal only `--yes` goes on.
 */
export function mayEnd(yes: boolean): (containers: readonly string[]) => Promise<void> {
  return (containers) =>
    confirm({
      yes,
      question: `${containers.join(", ")} run, and Pulumi's state here does not know them: they were made from another machine, account or backend. End what runs in them, and go on from here? Homes stay.`,
      withoutTerminal: "refuse",
    });
}

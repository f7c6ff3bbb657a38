import { stateDirectory } from "../components/lookups/paths";
import type { Context } from "./context";
import { takeStack } from "./engine/stackLock";
import { stackFolders } from "./engine/stateFolders";

/**
 * Does work that changes a stack, with the stack taken, so that two commands never change it at once.
 * @throws CommandFailure (failed) that names the command that has it
 */
export async function withStack<T>(
  context: Context,
  stack: string,
  command: string,
  work: () => Promise<T>,
): Promise<T> {
  const { lockFile } = stackFolders(stateDirectory(context.env), stack);
  const giveBack = takeStack(lockFile, stack, `gpudev ${command}`);
  try {
    return await work();
  } finally {
    giveBack();
  }
}

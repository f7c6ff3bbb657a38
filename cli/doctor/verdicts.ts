import { judgeBuild, judgeClient, judgeDaemon, judgeLimits } from "./dockerVerdicts";
import { judgeGpu, judgeGpuAccess, judgeToolkit } from "./gpuVerdicts";
import { judgeAddresses, judgeDisk, judgeMemory, judgeStateDirectory } from "./machineVerdicts";
import type { Check, DoctorFacts } from "./model";
import { judgeBase, judgeCertificates, judgeIndexes, judgePulumi, judgeSsh } from "./toolVerdicts";

const JUDGES: readonly ((facts: DoctorFacts) => Check | undefined)[] = [
  judgeClient,
  judgeBuild,
  judgeDaemon,
  judgeLimits,
  judgeGpu,
  judgeToolkit,
  judgeGpuAccess,
  judgeMemory,
  judgeDisk,
  judgeAddresses,
  judgePulumi,
  judgeSsh,
  judgeStateDirectory,
  judgeBase,
  judgeIndexes,
  judgeCertificates,
];

/** Judges what was found, always in the same order. Checks of GPU access are left out where there is no GPU. */
export function judge(facts: DoctorFacts): readonly Check[] {
  return JUDGES.map((check) => check(facts)).filter((check) => check !== undefined);
}

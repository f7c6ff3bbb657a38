import type { Finding } from "../../settings/finding";
import type { Settings } from "../../settings/schema";
import { type Decided, error } from "../findings";
import { type Member, membersOf } from "../members";

/** A user with the number of GPUs, or of MIG slices, that the user gets. */
export interface AwsMember extends Member {
  readonly count: number;
}

function countOf({ gpus }: Member): number {
  if (gpus === "none") return 0;
  if (gpus === "auto") return 1;
  return typeof gpus === "number" ? gpus : gpus.length;
}

/** The stack's users with what they ask for. Which device it is, only the plan can say: nobody can list devices. */
export function awsMembers(settings: Settings): Decided<readonly AwsMember[]> {
  const members = membersOf(settings).map((member): AwsMember => ({
    ...member,
    count: countOf(member),
  }));
  const paths = new Set(
    members.filter(({ gpus }) => Array.isArray(gpus)).map(({ gpusPath }) => gpusPath),
  );
  const findings = [...paths].map((path): Finding =>
    error(
      "devices-listed",
      path,
      "On AWS gpudev chooses hosts and devices, and this lists devices",
      "Write how many: 1, 2 … or none.",
    ),
  );
  return { value: members, findings };
}

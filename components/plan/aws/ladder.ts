import { findGpus, findInstanceType, INSTANCE_TYPES, type InstanceType } from "../../catalog";
import type { AwsLookups } from "../../lookups/aws/model";
import type { Finding } from "../../settings/finding";
import { nearest } from "../../settings/problems";
import { type Decided, error, listed, warning } from "../findings";
import type { AwsMember } from "./members";
import type { Market } from "./model";
import type { AwsStack } from "./stack";

/** One step of the ladder. */
export interface Rung {
  /** Config path of the type, such as `gpudev:aws.hosts.ladder[0].type`; of a derived one, where to write one. */
  readonly path: string;
  /** Config path of the zone. */
  readonly zonePath: string;
  readonly type: InstanceType;
  readonly market: Market;
  readonly zone?: string;
}

/** The ladder, and the step in use. */
export interface Ladder {
  readonly rungs: readonly Rung[];
  readonly current: Rung;
}

/** What a small team gets where nothing is said: the best small GPU for the money. */
const DEFAULT_MODEL = "L4";
/** Steps of a derived ladder. */
const STEPS = 3;
const GIB = 2 ** 30;
/** GiB of a type's memory that its system keeps. */
const SYSTEM_MEMORY = 3;

const PATH = "gpudev:aws.hosts.ladder";

/** GPU models that some type has whole, for messages. */
function modelsOnAws(): string[] {
  return [...new Set(INSTANCE_TYPES.filter(isUsual).map(({ gpuModel }) => gpuModel))];
}

/** Types that a derived ladder may hold: whole GPUs, x86_64, no bare metal, a known price. */
function isUsual(row: InstanceType): boolean {
  return row.arch === "x86_64" && row.gpus >= 1 && !row.metal && row.usdPerHour !== undefined;
}

function modelRows(settings: AwsStack): Decided<readonly string[]> {
  const { model } = settings.gpu;
  if (model === undefined) return { value: [DEFAULT_MODEL], findings: [] };
  const known = modelsOnAws();
  const models = findGpus(model)
    .map((row) => row.model)
    .filter((name) => known.includes(name));
  if (models.length > 0) return { value: models, findings: [] };
  const finding = error(
    "gpu-not-on-aws",
    "gpudev:gpu.model",
    `No EC2 instance type in gpudev's table has a GPU ${model}`,
    `Take one of: ${known.join(", ")}.`,
  );
  return { value: [DEFAULT_MODEL], findings: [finding] };
}

/** The most memory that settings promise one user, GiB. */
function memoryAsked(settings: AwsStack): number {
  const all = [
    settings.limits.memory,
    ...Object.values(settings.profiles).map(({ memory }) => memory),
    ...settings.users.map(({ memory }) => memory),
  ];
  return Math.max(0, ...all.map((bytes) => bytes ?? 0)) / GIB;
}

function derived(
  settings: AwsStack,
  most: number,
  isOffered: (type: string) => boolean,
): Decided<readonly Rung[]> {
  const { value: models, findings } = modelRows(settings);
  const memory = memoryAsked(settings);
  const wanted = Math.max(1, most);
  const able = INSTANCE_TYPES.filter(isUsual)
    .filter((row) => models.includes(row.gpuModel) && row.gpus >= wanted)
    .filter((row) => row.memoryGiB - SYSTEM_MEMORY >= memory)
    .toSorted((a, b) => (a.usdPerHour ?? 0) - (b.usdPerHour ?? 0));
  const offered = able.filter(({ type }) => isOffered(type));
  // Where the region offers none of them, the zones' findings say so.
  const fitting = offered.length > 0 ? offered : able;
  const [cheapest] = fitting;
  if (cheapest !== undefined) {
    const rungs = fitting
      .filter(({ gpus }) => gpus === cheapest.gpus)
      .slice(0, STEPS)
      .map((type): Rung => ({ path: PATH, zonePath: PATH, type, market: "on-demand" }));
    return { value: rungs, findings };
  }
  const finding = error(
    "no-type",
    PATH,
    `No EC2 instance type with ${listed(models)} has ${wanted === 1 ? "a GPU" : `${wanted} GPUs`}${memory > 0 ? ` and ${Math.ceil(memory)} GiB of memory for one user` : ""}`,
    "Ask for less, or name types yourself under gpudev:aws.hosts.ladder.",
  );
  return { value: [], findings: [...findings, finding] };
}

function unknownType(type: string, path: string): Finding {
  const near = nearest(
    type,
    INSTANCE_TYPES.map((row) => row.type),
  );
  return error(
    "unknown-type",
    path,
    `gpudev's table has no GPU instance type ${type}`,
    near ? `Did you mean ${near}?` : `Take one such as g6.xlarge, g5.xlarge or g6e.xlarge.`,
  );
}

function written(settings: AwsStack): Decided<readonly Rung[]> {
  const findings: Finding[] = [];
  const rungs = (settings.aws.hosts.ladder ?? []).flatMap((step, index): Rung[] => {
    const path = `${PATH}[${index}]`;
    const type = findInstanceType(step.type);
    if (type === undefined) {
      findings.push(unknownType(step.type, `${path}.type`));
      return [];
    }
    return [
      {
        path: `${path}.type`,
        zonePath: `${path}.zone`,
        type,
        market: step.market,
        ...(step.zone === undefined ? {} : { zone: step.zone }),
      },
    ];
  });
  const { model } = settings.gpu;
  const meant = model === undefined ? [] : findGpus(model).map((row) => row.model);
  for (const { path, type } of meant.length === 0 ? [] : rungs) {
    if (meant.includes(type.gpuModel)) continue;
    findings.push(
      warning(
        "gpu-model-differs",
        path,
        `The stack is meant for ${model}, and ${type.type} has ${type.gpuModel}`,
        "Correct gpudev:gpu.model, or take it out where any GPU will do.",
      ),
    );
  }
  return { value: rungs, findings };
}

/** Stands for a ladder that cannot be read, so that the rest can still be looked at. */
function standIn(): Rung {
  const type = findInstanceType("g6.xlarge");
  if (type === undefined) throw new Error("the catalog lost g6.xlarge");
  return { path: PATH, zonePath: PATH, type, market: "on-demand" };
}

/** The instance types to try, in order, and the one in use: the settings' own, else the cheapest that will do. */
export function resolveLadder(
  settings: AwsStack,
  lookups: AwsLookups,
  members: readonly AwsMember[],
): Decided<Ladder> {
  const { ladder, rung, sharing } = settings.aws.hosts;
  const counts = members.map(({ count }) => count);
  // A slice is a part of a GPU, and time-slicing gives several users one: neither asks for more than one.
  const most = sharing === "devices" ? Math.max(0, ...counts) : 1;
  const { offerings } = lookups;
  const isOffered = (type: string) => !offerings.known || (offerings.value[type] ?? []).length > 0;
  const { value: rungs, findings } =
    ladder === undefined ? derived(settings, most, isOffered) : written(settings);
  const found = [...findings];
  const steps = ladder?.length ?? rungs.length;
  if (steps > 0 && rung >= steps) {
    found.push(
      error(
        "no-such-rung",
        "gpudev:aws.hosts.rung",
        `The stack is to use step ${rung} of its ladder, which has ${steps} (0 to ${steps - 1})`,
        "Write rung: 0 to begin at the top again, or add another step to the ladder.",
      ),
    );
  }
  const current = rungs[Math.min(rung, rungs.length - 1)] ?? standIn();
  return { value: { rungs: rungs.length > 0 ? rungs : [current], current }, findings: found };
}

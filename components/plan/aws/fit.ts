import {
  AMIS,
  driverVerdict,
  findTorchBuild,
  GPU_MODELS,
  runsOn,
  TORCH_BUILDS,
} from "../../catalog";
import type { GpuModel, TorchBuild } from "../../catalog/model";
import type { Finding } from "../../settings/finding";
import { error, hint, warning } from "../findings";
import type { Rung } from "./ladder";
import type { AwsStack } from "./stack";

/** The last driver branch with modules for Volta (NVIDIA's legacy branch). */
const LAST_VOLTA_BRANCH = 580;
/** Families whose GPUs were seen to hang with the GSP firmware (EKS AMI issue 1523, Bottlerocket issue 3817). */
const GSP_HANGS = ["g4dn", "g5"];

type Say = typeof error;

function gpuOf({ type }: Rung): GpuModel | undefined {
  return GPU_MODELS.find(({ model }) => model === type.gpuModel);
}

const title = (row: TorchBuild) => `torch ${row.torch} with CUDA ${row.cuda}`;

/** Builds that run on a capability and have machine code or PTX for it, of the nearest newer release first. */
function fitting(build: TorchBuild, capability: string): TorchBuild[] {
  const from = TORCH_BUILDS.indexOf(build);
  const newer = TORCH_BUILDS.filter((_, index) => index >= from);
  const older = TORCH_BUILDS.filter((_, index) => index < from).toReversed();
  return [...newer, ...older].filter((row) => row.verified && runsOn(row, capability).runs);
}

function checkArchitecture({ type, path }: Rung, say: Say): Finding[] {
  if (type.arch === "arm64") {
    return [
      say(
        "no-arm-wheel",
        path,
        `${type.type} is arm64 with ${type.gpuModel} (compute capability 7.5), and no official PyTorch wheel for arm64 has code for it`,
        "Take g4dn, which has the same generation of GPU with x86_64, or g6.",
      ),
    ];
  }
  if (type.gpus < 1) {
    return [
      say(
        "needs-grid-driver",
        path,
        `${type.type} has a slice of ${type.gpuModel} that only the GRID guest driver drives, and gpudev's hosts have the data centre driver`,
        "Take a type with a whole GPU, such as g6.xlarge; several users can share it with hosts.sharing: time-slicing.",
      ),
    ];
  }
  return [];
}

function checkBuild(rung: Rung, gpu: GpuModel, build: TorchBuild, say: Say): Finding[] {
  if (runsOn(build, gpu.capability).runs) return [];
  const others = fitting(build, gpu.capability).slice(0, 3).map(title);
  return [
    (build.verified ? say : warning)(
      "gpu-not-in-build",
      "gpudev:image.torch",
      `${rung.type.type} has ${gpu.model} (${gpu.architecture}, compute capability ${gpu.capability}), for which ${title(build)} has no machine code (it has ${build.capabilities.join(", ")})`,
      others.length > 0
        ? `Take ${others.join(", or ")}; or another instance type.`
        : "Take another instance type.",
    ),
  ];
}

function checkModules(settings: AwsStack, rung: Rung, gpu: GpuModel, say: Say): Finding[] {
  const { ami, driverModules } = settings.aws.hosts;
  const branch = Number.parseInt(AMIS[ami.kind].driver, 10);
  const findings: Finding[] = [];
  if (gpu.architecture === "Volta" && branch > LAST_VOLTA_BRANCH) {
    findings.push(
      say(
        "driver-too-new",
        "gpudev:aws.hosts.ami.kind",
        `${rung.type.type} has ${gpu.model}, whose last driver branch is ${LAST_VOLTA_BRANCH}, and the ${ami.kind} AMI brings ${AMIS[ami.kind].driver}`,
        "Write ami: {kind: ubuntu}, on which gpudev installs branch 580, and driverModules: proprietary.",
      ),
    );
  }
  if (gpu.architecture === "Volta" && driverModules === "open") {
    findings.push(
      say(
        "needs-proprietary-modules",
        "gpudev:aws.hosts.driverModules",
        `${gpu.model} is older than Turing, and NVIDIA's open kernel modules do not drive it`,
        "Write driverModules: proprietary.",
      ),
    );
  }
  if (gpu.architecture === "Blackwell" && driverModules === "proprietary") {
    findings.push(
      say(
        "needs-open-modules",
        "gpudev:aws.hosts.driverModules",
        `${gpu.model} is a Blackwell GPU, which only NVIDIA's open kernel modules drive`,
        "Write driverModules: open, or leave it out.",
      ),
    );
  }
  if (say === error && GSP_HANGS.includes(rung.type.family) && driverModules === "open") {
    findings.push(
      hint(
        "gsp-may-hang",
        "gpudev:aws.hosts.driverModules",
        `GPUs of ${rung.type.family} were seen to hang with the open modules, which cannot turn the GSP firmware off`,
        "Nothing to do. Should nvidia-smi hang or the kernel log show Xid 119 or 120, write driverModules: proprietary.",
      ),
    );
  }
  return findings;
}

function checkDriver(settings: AwsStack, build: TorchBuild): Finding[] {
  const { kind } = settings.aws.hosts.ami;
  const { driver } = AMIS[kind];
  if (driverVerdict(build, driver) === "ok") return [];
  const floor = driverVerdict(build, driver) === "below-floor";
  return [
    (floor ? error : warning)(
      floor ? "driver-too-old" : "driver-below-toolkit",
      "gpudev:image.cuda",
      floor
        ? `${title(build)} needs NVIDIA driver ${build.driverFloor} or newer, and the ${kind} AMI gives ${driver}`
        : `CUDA ${build.cuda} came with driver ${build.driverToolkit}, and the ${kind} AMI gives ${driver}: what the wheels hold runs, but code made for other GPUs at run time (PTX) may fail`,
      "Take the deep-learning AMI, or an older CUDA.",
    ),
  ];
}

/**
 * Whether the instance types of the ladder run the stack's PyTorch build, under the driver that its
 * AMI gives. What the step in use cannot do is an error; of the others it is a warning.
 */
export function checkFit(
  settings: AwsStack,
  rungs: readonly Rung[],
  current: Rung,
  image: TorchBuild | undefined,
): Finding[] {
  const { torch, cuda } = settings.image;
  const build = image ?? findTorchBuild(torch, cuda);
  const findings = rungs.flatMap((rung) => {
    const say = rung === current ? error : warning;
    const gpu = gpuOf(rung);
    const architecture = checkArchitecture(rung, say);
    // What cannot run at all need not be judged further.
    if (architecture.length > 0 || gpu === undefined) return architecture;
    return [
      ...(build === undefined ? [] : checkBuild(rung, gpu, build, say)),
      ...checkModules(settings, rung, gpu, say),
      ...(rung.type.verified
        ? []
        : [
            warning(
              "type-unverified",
              rung.path,
              `What gpudev knows of ${rung.type.type} was not verified (${rung.type.source})`,
              "Nothing to do, if it works.",
            ),
          ]),
    ];
  });
  return build === undefined ? findings : [...findings, ...checkDriver(settings, build)];
}

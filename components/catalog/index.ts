export { bootstrapBaseImage, bootstrapSuite } from "./baseImage";
export { BASES, pythonOfBase } from "./bases";
export { type DriverBranch, driverBranch } from "./driverBranches";
export { driverVerdict, runsOn } from "./fits";
export { findGpus, GPU_MODELS, matchGpu } from "./gpus";
export {
  buildsOf,
  defaultCuda,
  findTorchBuild,
  fullTorchVersion,
  nearestBuilds,
  TORCH_BUILDS,
  TORCH_RELEASES,
} from "./torchBuilds";
export { compareVersions } from "./versions";
